"""A run of a study that Slurm interrupts twice: it goes on from its checkpoints, and ends as if nobody had."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl
import pytest

from study.saved import samples_saved
from study.train.steps import read_steps
from tests.executor import toy
from tests.slurm import jobs
from tests.slurm.test_study import folder_of_a_study, run, said, snakemake

pytestmark = pytest.mark.slurm
BATCH, STEPS = 64, 150
GRID = f"""\
title: A study that is interrupted
hardware: {{gpu: cpu}}
evaluation: embedded/unseen
common: {{source: embedded, arch: vit_pico, strategy: clip, size: 128, global_batch_size: {BATCH}}}
grid: {{samples_seen: {BATCH * STEPS}}}
"""
# a warning that comes a minute and a half before the limit, which is far off until a test moves it
SWITCHES = ("--submitit-signal-seconds", "90", "--set-resources", "train:runtime=30")


@pytest.fixture
def study(slurm, tmp_path):
    return folder_of_a_study(tmp_path)


def attempts(folder):
    path = folder / "attempts.json"
    return json.loads(path.read_text()) if path.exists() else []


def trainer(study):
    """The process that trains in ``study/results``; none where there is none now."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (path / "cmdline").read_bytes().split(b"\0")
            if (
                b"--log" in words
                and b"train" in words
                and b"bash" not in words[0]
                and path.joinpath("cwd").samefile(study)
            ):
                return int(path.name)
    return None


def is_warned(pid):
    """Whether USR2 waits for a process to go on."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    waiting = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return any(one >> (signal.SIGUSR2 - 1) & 1 for one in waiting)


@contextmanager
def held_until_warned(study, attempt):
    """The trainer stands still once an attempt has made steps, through the block and until Slurm's warning comes."""
    folder = next(study.glob("results/runs/*"))
    toy.wait_for(lambda: len(attempts(folder)) == attempt and newer_steps(folder), f"steps of attempt {attempt}")
    pid = trainer(study)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
        toy.wait_for(lambda: is_warned(pid), "the warning")
    finally:
        os.kill(pid, signal.SIGCONT)


def newer_steps(folder):
    """Steps that no checkpoint holds."""
    return [line for line in read_steps(folder) if line["samples_seen"] > samples_saved(folder)]


def undisturbed(study, planned):
    """The same run in results of its own, at work: a process."""
    run_id, alone = planned["run_id"], study / "alone"
    (alone / "runs" / run_id).mkdir(parents=True)
    shutil.copy(study / f"results/runs/{run_id}/spec.json", alone / "runs" / run_id)
    where = ["--results", str(alone), "--device", "cpu", "--threads", str(planned["threads"])]
    return subprocess.Popen([sys.executable, "-m", "study", "train", run_id, *where], cwd=study)


def test_a_run_that_is_preempted_and_then_out_of_time_ends_as_if_undisturbed(slurm, study):
    (study / "grids/small.yaml").write_text(GRID)
    run(study, "plan", "grids/small.yaml", "--quiet")
    planned = pl.read_parquet(study / "results/small/plan.parquet").row(0, named=True)
    with toy.running(study, *SWITCHES, start=snakemake) as process, undisturbed(study, planned) as alone:
        with held_until_warned(study, attempt=1):
            jobs.submit(slurm, study, "sleep 1", "--partition", "high", "--nodes", "2", "--exclusive")
        with held_until_warned(study, attempt=2):
            (job,) = [job for job, state in jobs.queue(slurm).items() if state == "RUNNING"]
            slurm.run("scontrol", "update", f"JobId={job}", "EndTime=now+60")
        jobs.wait_for_state(slurm, job, "PENDING")
        slurm.run("scontrol", "update", f"JobId={job}", "TimeLimit=30")  # it kept the limit that it was given
        assert process.wait(toy.PATIENCE) == 0, said(study)
        assert alone.wait(toy.PATIENCE) == 0
    assert "interrupted" in said(study)
    ended, straight = (
        json.loads((study / results / f"runs/{planned['run_id']}/outcome.json").read_text())
        for results in ("results", "alone")
    )
    assert ended["weights_sha256"] == straight["weights_sha256"]
    assert ended["loss"] == straight["loss"]
    told = ended["attempts"]
    assert [one["first_sample"] for one in told[1:]] == [one["last_sample"] for one in told[:-1]]  # saved when told
    assert 0 < told[1]["first_sample"] < told[2]["first_sample"] < BATCH * STEPS
    row = pl.read_parquet(study / "results/small/runs.parquet").row(0, named=True)
    assert (row["status"], row["attempts"], row["lost_steps"], row["lost_gpu_hours"]) == ("completed", 3, 0, 0.0)
    assert row["gpu_hours"] == pytest.approx(sum(one["wall_hours"] for one in told))
    assert "1 run was interrupted 2 times and lost 0 steps" in (study / "reports/small/index.html").read_text()
