"""A small job, and functions that plan and measure it."""

from dataclasses import replace

import pytest

from study.predict import Job, Measured, Work

JOB = Job(
    device="cpu",
    arch="vit_nano",
    family="vit",
    strategy="clip",
    source="embedded",
    unique_pairs=1000,
    image_size=32,
    text_length=16,
    global_batch_size=128,
    micro_batch_size=128,
    precision="fp32",
    gpus=0,
    threads=2,
    params_m=1.0,
)


@pytest.fixture
def job():
    """A function from changed fields to a job on two threads of a CPU."""
    return lambda **fields: replace(JOB, **fields)


@pytest.fixture
def work(job):
    """A function from FLOPs and changed fields to planned work of 1,000 samples that nothing is scored on."""
    return lambda flops=1e12, evaluation=(), samples=1000, **fields: Work(job(**fields), samples, flops, evaluation)


@pytest.fixture
def measured(job):
    """A function from a speed and changed fields to a run; ``name`` none makes it a probe."""

    def make(speed=1e9, name="r", seconds=None, data=None, checkpoint=None, scored=None, **fields):
        return Measured(job(**fields), speed, name, seconds, data, checkpoint, scored or {})

    return make
