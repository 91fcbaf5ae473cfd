"""Rewrite tests/predict/golden.json: predictions that every program with these formulas must make, number for number.

    python scripts/golden.py

Each case holds all that its answer depends on: the device, the work, what was measured, and the line through published
runs. Look at the difference before it is committed: it is what changes for users.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from study.hardware import DEVICES, Device
from study.io import read_json, write_json
from study.predict import EvaluationSet, Evidence, Job, Measured, Work, predict
from study.predict.mfu import published_model

GOLDEN = Path(__file__).parents[1] / "tests" / "predict" / "golden.json"
CPU_JOB: dict[str, Any] = {
    "device": "cpu",
    "arch": "vit_nano",
    "family": "vit",
    "strategy": "clip",
    "source": "embedded",
    "unique_pairs": 5000,
    "image_size": 32,
    "text_length": 16,
    "global_batch_size": 128,
    "micro_batch_size": 128,
    "precision": "fp32",
    "gpus": 0,
    "threads": 1,
    "params_m": 1.2,
}
GPU_JOB = CPU_JOB | {
    "device": "h100",
    "arch": "ViT-B-16",
    "source": "table",
    "unique_pairs": 12_000_000,
    "image_size": 224,
    "text_length": 77,
    "global_batch_size": 4096,
    "micro_batch_size": 512,
    "precision": "bf16",
    "gpus": 8,
    "threads": 8,
    "params_m": 149.6,
}
OWN = EvaluationSet("embedded/test", own=True, metrics=("zeroshot", "retrieval"))
OTHER = EvaluationSet("imagenet1k", own=False, metrics=("zeroshot",))
PROBED_TOO = EvaluationSet("imagenet1k", own=False, metrics=("zeroshot", "linear_probe"), trains=True)
OURS = Device("ours", 2250, 180, 8000, 1000, "ours", "made up: a user's row that does not say its peak in fp32")
KNOWN = {**DEVICES, OURS.name: OURS}
SMALL, LARGE = 8192 * 1.2e8, 1.28e8 * 6e9 * 20.54


def run(job: dict[str, Any], speed: float, name: str | None = "r1", **seconds: Any) -> Measured:
    """A run, or a probe where ``name`` is none."""
    return Measured(Job(**job), speed, name, **seconds)


def cases() -> dict[str, tuple[Work, list[Measured]]]:
    """What is predicted, from what."""
    small, large = Work(Job(**CPU_JOB), 8192, SMALL, (OWN,)), Work(Job(**GPU_JOB), 128_000_000, LARGE, (OTHER,))
    whole = {"start_up_seconds": 4.0, "data_seconds": 4e-6, "checkpoint_seconds": 0.1}
    probe = run(CPU_JOB, 5e10, None, start_up_seconds=5.0, data_seconds=3e-6, evaluation_seconds={OWN.key: 1.1})
    in_fp32 = {"precision": "fp32"}
    on_a100 = GPU_JOB | {"device": "a100-80", "gpus": 256, "global_batch_size": 65536}
    return {
        "nothing measured, CPU": (small, []),
        "nothing measured, CPU, four threads": (Work(Job(**CPU_JOB | {"threads": 4}), 8192, SMALL, (OWN,)), []),
        "scored by other metrics, with a training split": (Work(Job(**CPU_JOB), 8192, SMALL, (PROBED_TOO,)), [probe]),
        "a probe of the configuration": (small, [probe]),
        "two runs and a probe": (small, [probe, run(CPU_JOB, 4e10, "r1", **whole), run(CPU_JOB, 6e10, "r2", **whole)]),
        "another strategy": (small, [run(CPU_JOB | {"strategy": "flip"}, 5e10, **whole)]),
        "another family": (small, [run(CPU_JOB | {"arch": "resnet_nano", "family": "resnet"}, 5e10, **whole)]),
        "published runs, on as many A100s": (Work(Job(**on_a100), 128_000_000, LARGE), []),
        "published runs, on 8 H100s": (large, []),
        "published runs, of no such family": (Work(Job(**GPU_JOB | {"family": "swin"}), 128_000_000, LARGE), []),
        "published runs, of none so small": (Work(Job(**GPU_JOB), 128_000_000, LARGE / 100), []),
        "the other precision is no evidence": (large, [run(GPU_JOB | {"precision": "fp32"}, 1e14, **whole)]),
        "published runs, in fp32": (Work(Job(**GPU_JOB | in_fp32), 128_000_000, LARGE), []),
        "published runs, in fp32 of an unknown peak": (
            Work(Job(**GPU_JOB | in_fp32 | {"device": OURS.name}), 128_000_000, LARGE),
            [],
        ),
        "a run on the GPUs": (large, [run(GPU_JOB, 2.5e14, **whole)]),
    }


def golden() -> dict[str, Any]:
    """All cases with their answers, as plain data."""
    rows = []
    for name, (work, measured) in cases().items():
        device = KNOWN[work.job.device]
        rows.append(
            {
                "case": name,
                "device": asdict(device),
                "work": asdict(work),
                "measured": [asdict(one) for one in measured],
                "prediction": asdict(predict(work, device, Evidence.of(measured))),
            }
        )
    return {"published_model": asdict(published_model()), "cases": rows}


if __name__ == "__main__":
    write_json(GOLDEN, golden())
    print(f"{len(read_json(GOLDEN)['cases'])} cases in {GOLDEN}")
