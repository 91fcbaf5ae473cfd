"""Studies for real on this machine: through Snakemake, killed in the middle; and without it, by `study submit`."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.executor import toy
from tests.launch.fake import FakeSlurm

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
GRID = """\
title: A small study
hardware: {gpu: cpu}
evaluation: embedded/unseen
common: {source: embedded, arch: resnet_pico, strategy: clip, size: 256, global_batch_size: 64, lr: 1e-3}
grid: {samples_seen: [640, 25600]}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "grids").mkdir()
    (tmp_path / "grids/small.yaml").write_text(GRID)
    return tmp_path


def command(*more):
    return [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
        "--workflow-profile", str(ROOT / "profiles/slurm"), "--submitit-launcher", "local",
        "--submitit-local-cpus", "2", "--submitit-poll-seconds", "1", "--config", "grid=grids/small.yaml", *more,
    ]  # fmt: skip


def runs(folder):
    return pl.read_parquet(folder / "results/small/runs.parquet").sort("samples_seen")


def long_run(folder):
    """The folder of the longer run, once it has trained some steps."""
    steps = list(folder.glob("results/runs/*/steps.jsonl"))
    return next((path.parent for path in steps if path.read_text().count("\n") > 12), None)


def steps(run):
    return [json.loads(line)["samples_seen"] for line in (run / "steps.jsonl").read_text().splitlines()]


def test_a_study_killed_in_the_middle_goes_on(folder):
    with toy.running(folder, start=command) as first:
        run = toy.wait_for(lambda: long_run(folder), "some steps")
        first.kill()
    assert not (run / "outcome.json").exists()
    ended = {path: path.stat().st_mtime_ns for path in folder.glob("results/runs/*/outcome.json")}
    assert subprocess.run([*command(), "--unlock"], cwd=folder, timeout=toy.PATIENCE).returncode == 0
    with toy.running(folder, start=command) as second:
        assert second.wait(toy.PATIENCE) == 0, (folder / "said.txt").read_text()
    assert runs(folder)["status"].to_list() == ["completed", "completed"]
    assert {path: path.stat().st_mtime_ns for path in ended} == ended
    seen = steps(run)
    assert seen == sorted(set(seen)), "a step was trained twice"
    assert (folder / "reports/small/index.html").exists()


def test_why_a_run_ended_is_noted_in_its_own_folder(folder):
    (folder / "grids/small.yaml").write_text(GRID.replace("[640, 25600]", "25600"))
    with toy.running(folder, start=command) as process:
        run = toy.wait_for(lambda: long_run(folder), "some steps")
        status = [sys.executable, "-m", "study", "status", "small", "--json"]
        told = json.loads(subprocess.run(status, cwd=folder, capture_output=True, check=True).stdout)
        os.kill(int(re.findall(r"\d+", told["under_way"][0]["process"])[0]), signal.SIGKILL)
        assert process.wait(toy.PATIENCE) == 1
    assert [path.name for path in folder.glob("results/runs/*")] == [run.name]
    assert json.loads((run / "failure.json").read_text())["status"] == "failed"
    assert runs(folder)["status"].to_list() == ["failed"]


def test_submit_without_snakemake(folder):
    (folder / "grids/small.yaml").write_text(GRID.replace("25600", "1280"))
    submit = [sys.executable, "-m", "study", "submit", "grids/small.yaml", "--launcher", "local"]
    asked = subprocess.run([*submit, "--dry-run"], cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE)
    assert asked.stdout.splitlines()[-1] == "small: 0 runs done, 0 still running, 2 to submit", asked.stderr
    done = subprocess.run([*submit, "--json"], cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["submitted"]) == 2
    assert "as long as this process does" in done.stderr
    assert runs(folder)["status"].to_list() == ["completed", "completed"]
    assert (folder / "reports/small/index.html").exists()
    again = subprocess.run(submit, cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE)
    assert again.stdout == "small: 2 runs done, 0 still running, 0 submitted\n"
    assert all((path / "ended").exists() for path in folder.glob("results/small/jobs/local-*"))


def test_submit_ends_with_75_when_slurm_takes_nothing_now(folder, monkeypatch):
    (folder / "grids/small.yaml").write_text(GRID)
    slurm = FakeSlurm(folder / "slurm")
    monkeypatch.setenv("PATH", f"{slurm.folder / 'bin'}:{os.environ['PATH']}")
    slurm.says("sbatch", code=1, error="sbatch: error: Unable to contact slurm controller (connect failure)\n")
    submit = [sys.executable, "-m", "study", "submit", "grids/small.yaml"]
    first = subprocess.run(submit, cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE)
    assert first.returncode == 75, first.stderr
    assert "3 jobs could not be handed over now; run the same command again" in first.stderr
    slurm.says("sbatch")
    again = subprocess.run(submit, cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE)
    assert again.returncode == 0, again.stderr
    assert len(slurm.calls("sbatch")) == 4  # in vain, two runs that ask for other minutes, the report


def test_submit_says_that_slurm_refuses_once_and_not_that_it_submitted(folder, monkeypatch):
    (folder / "grids/small.yaml").write_text(GRID.replace("[640, 25600]", "640, seed: [0, 1]"))
    slurm = FakeSlurm(folder / "slurm")
    monkeypatch.setenv("PATH", f"{slurm.folder / 'bin'}:{os.environ['PATH']}")
    slurm.says("sbatch", code=1, error="sbatch: error: Batch job submission failed: Invalid qos specification\n")
    submit = [sys.executable, "-m", "study", "submit", "grids/small.yaml", "--qos", "none"]
    done = subprocess.run(submit, cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE)
    assert done.returncode == 1
    assert done.stdout == "small: 0 runs done, 0 still running, 0 submitted, 2 refused\n"
    assert done.stderr.count("Invalid qos specification") == 2  # of both runs, and of the report
    assert "(so do 1 more, for the same reason)" in done.stderr
    assert "log: " not in done.stderr


TUNED = """\
title: A tuned study
hardware: {gpu: cpu}
evaluation: [embedded/unseen, embedded/validation]
common: {source: embedded, arch: resnet_pico, strategy: clip, size: 256, global_batch_size: 64}
grid: {samples_seen: 256, tune: {lr: [1e-3, 2e-3], at: 128, on: validation}}
"""


@pytest.mark.parametrize("launcher", ["local", "debug"])
def test_submit_of_a_tuned_study_runs_its_trials_first(folder, launcher):
    (folder / "grids/small.yaml").write_text(TUNED)
    submit = [sys.executable, "-m", "study", "submit", "grids/small.yaml", "--launcher", launcher]
    done = subprocess.run([*submit, "--json"], cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE)
    assert done.returncode == 0, done.stderr
    submitted = json.loads(done.stdout)["submitted"]
    assert len(submitted) == 3
    assert runs(folder)["status"].to_list() == ["completed"] * 3
    (tuned,) = runs(folder).filter(pl.col("samples_seen") == 256)["lr"].to_list()
    assert tuned in (1e-3, 2e-3)
    ended = [path.stat().st_mtime for path in folder.glob("results/runs/*/outcome.json")]
    (last,) = [
        (folder / f"results/runs/{run_id}/outcome.json").stat().st_mtime
        for run_id in runs(folder).filter(pl.col("samples_seen") == 256)["run_id"]
    ]
    assert last == max(ended)
    assert (folder / "reports/small/index.html").exists()
