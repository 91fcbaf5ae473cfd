"""A study that reaches its limit on the way, through Snakemake, and goes on when the limit is raised."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from study import io
from study.records import PLAN_COLUMNS, schema

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
GRID = """\
title: A small study
hardware: {gpu: cpu}
limit: {gpu_hours: %s}
evaluation: embedded/unseen
common: {source: embedded, arch: resnet_pico, strategy: clip, size: 256, global_batch_size: 64, lr: 1e-3}
grid: {samples_seen: 640, seed: [0, 1, 2]}
"""
CAP = 100.0
LEFT = 2 / 3600  # less than a process takes to load torch


@pytest.fixture
def study(tmp_path):
    (tmp_path / "grids").mkdir()

    def run(*arguments):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        command = [sys.executable, "-m", *arguments]
        done = subprocess.run(command, cwd=tmp_path, text=True, timeout=500, **pipes)
        return done.returncode, done.stdout

    return run


def snakemake():
    return (
        "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "1",
        "--workflow-profile", str(ROOT / "profiles/default"), "--config", "grid=grids/small.yaml",
    )  # fmt: skip


def predict_too_little(results):
    """Of the cap two seconds are left, and the plan thinks that all runs take one together."""
    table = pl.read_parquet(results / "small/plan.parquet")
    short = table.with_columns(predicted_gpu_hours=pl.lit(LEFT / 2 / table.height))
    io.write_parquet(results / "small/plan.parquet", short.cast(schema(PLAN_COLUMNS)))
    entry = {"spent": {"gpu_hours": CAP - LEFT, "device_hours": CAP - LEFT}, "processes": 3}
    io.write_json(results / "small/ledger.json", {"runs": {table["run_id"][2]: entry}})
    return table["run_id"].to_list()


def test_no_run_starts_that_would_pass_the_limit_until_it_is_raised(study, tmp_path):
    results, grid = tmp_path / "results", tmp_path / "grids/small.yaml"
    grid.write_text(GRID % CAP)
    assert study("study", "plan", "grids/small.yaml", "--quiet")[0] == 0
    ids = predict_too_little(results)
    code, said = study(*snakemake())
    assert code == 1, said
    assert "raise limit.gpu_hours in the grid and run the same command again" in said
    table = pl.read_parquet(results / "small/runs.parquet")
    assert sorted(table["status"]) == ["completed", "planned", "planned"], said
    reasons = table.filter(pl.col("status") == "planned")["reason"]
    assert all(reason.startswith("kept from starting by the study's limit: it would take ") for reason in reasons)
    assert not any((results / "runs" / run / "failure.json").exists() for run in ids)
    page = (tmp_path / "reports/small/index.html").read_text()
    assert "kept from starting by the study&#39;s limit" in page
    assert "100 GPU-hours" in page
    told = json.loads(study("study", "status", "small", "--json")[1])
    assert (told["completed"], told["kept_waiting"], told["budget"]["gpu_hours"]["left"] < 0) == (1, 2, True)
    code, said = study(*snakemake())
    assert code != 0
    assert "grids/small.yaml:3:20: limit.gpu_hours: the plan needs 100 GPU-hours" in said

    grid.write_text(GRID % (2 * CAP))
    code, said = study(*snakemake())
    assert code == 0, said
    assert set(pl.read_parquet(results / "small/runs.parquet")["status"]) == {"completed"}
    ledger = io.read_json(results / "small/ledger.json")
    assert ledger["refused"] == {}
    assert sorted(entry["processes"] for entry in ledger["runs"].values()) == [1, 1, 4]
    assert all(entry["reserved"] is None for entry in ledger["runs"].values())
