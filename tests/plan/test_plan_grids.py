"""Every shipped grid can be planned, and a large one in reasonable time."""

from functools import cache
from pathlib import Path

import pytest

from study.plan.make import make

ROOT = Path(__file__).parents[2]
GRIDS = sorted(path for path in (ROOT / "grids").glob("*.yaml") if not path.name.endswith(".lock.yaml"))


@pytest.fixture(scope="module")
def planned_file(tmp_path_factory):
    """A function that plans a shipped grid once."""
    results = tmp_path_factory.mktemp("results")
    return cache(lambda name: make(ROOT / "grids" / f"{name}.yaml", results))


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: path.stem)
def test_every_grid_file_is_planned(path, planned_file):
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    plan = planned_file(path.stem)
    ids = [row["run_id"] for row in plan.rows]
    assert ids
    assert all(row["train_flops"] > 0 and row["predicted_gpu_hours"] > 0 for row in plan.rows)
    assert plan.estimate or len(set(ids)) == len(ids)


def test_the_scale_down_study_is_an_estimate_in_gpu_hours(planned_file):
    plan = planned_file("scaling_down_clip")
    assert plan.estimate
    assert {row["family"] for row in plan.rows} == {"vit", "resnet", "convnext", "swin"}
    assert {row["quality_share"] for row in plan.rows} == {0.2, 0.4, 0.6, 0.8, 1.0}
    assert {row["text_length"] for row in plan.rows} == {16}
    largest = max(plan.rows, key=lambda row: row["train_flops"])
    assert largest["arch"] == "timm:vit_large_patch16_224"
    assert largest["predicted_gpu_hours_low"] < largest["predicted_gpu_hours"] < largest["predicted_gpu_hours_high"]


def test_ten_thousand_runs_are_planned(write_grid, folder):
    seeds = ", ".join(map(str, range(500)))
    path = write_grid(f"{{size: [0.5, 1.0], lr: [1e-3, 2e-3], epochs: [1, 2, 3, 4, 5], seed: [{seeds}]}}")
    plan = make(path, folder / "results")
    assert len({row["run_id"] for row in plan.rows}) == 10_000
