"""Small studies through Snakemake, with real kills."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
GRID = """\
title: A small study
hardware: {{gpu: cpu}}
evaluation: embedded/unseen
common: {{source: embedded, arch: resnet_pico, strategy: clip, size: 256, global_batch_size: 64, lr: 1e-3}}
grid:
  - {{name: plain, samples_seen: [{samples}]}}
{more}"""
DIVERGING = "  - {name: wild, samples_seen: 1920, lr: 1e4, grad_clip: null, warmup: 0.0}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "grids").mkdir()
    return tmp_path


def write_grid(folder, samples="640, 1280", more=""):
    (folder / "grids/small.yaml").write_text(GRID.format(samples=samples, more=more))


def command(*more):
    return [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2",
        "--workflow-profile", str(ROOT / "profiles/default"), "--config", "grid=grids/small.yaml", *more,
    ]  # fmt: skip


def snakemake(folder, *more):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command(*more), cwd=folder, text=True, timeout=500, **pipes)
    return done.returncode, done.stdout


def runs(folder):
    return pl.read_parquet(folder / "results/small/runs.parquet").sort("samples_seen")


def processes(text):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if text in line and "study train" in line and "/bin/bash" not in line:
            found.append(int(path.parent.name))
    return found


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


def test_a_study_runs_once_and_a_changed_grid_runs_only_what_is_new(folder):
    write_grid(folder, more=DIVERGING)
    code, said = snakemake(folder)
    assert code == 0, said
    assert said.rstrip().splitlines()[-1].endswith("reports/small/index.html"), said
    assert sorted(runs(folder)["status"]) == ["completed", "completed", "diverged"]
    page = (folder / "reports/small/index.html").read_text()
    assert "try a lower lr or a longer warm-up" in page
    outcomes = {path: path.stat().st_mtime_ns for path in folder.glob("results/runs/*/outcome.json")}

    code, said = snakemake(folder)
    assert code == 0
    assert "Nothing to be done" in said

    wild = runs(folder).filter(pl.col("status") == "diverged")["run_id"][0]
    first = (folder / f"results/runs/{wild}/outcome.json").stat().st_mtime_ns
    retry = [sys.executable, "-m", "study", "retry", "grids/small.yaml"]
    assert wild in subprocess.run(retry, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert snakemake(folder)[0] == 0
    assert (folder / f"results/runs/{wild}/outcome.json").stat().st_mtime_ns > first
    outcomes = {path: path.stat().st_mtime_ns for path in folder.glob("results/runs/*/outcome.json")}

    write_grid(folder, samples="640, 1280, 1920", more=DIVERGING)
    code, said = snakemake(folder)
    assert code == 0, said
    assert runs(folder).height == 4
    assert {path: path.stat().st_mtime_ns for path in outcomes} == outcomes


def test_a_killed_run_stops_no_other_and_the_next_command_goes_on(folder):
    write_grid(folder, samples="640, 640000")
    snakemake_process = subprocess.Popen(
        command(), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    plan = folder / "results/small/plan.parquet"
    wait_for(plan.exists)
    long_run = pl.read_parquet(plan).filter(pl.col("samples_seen") > 640)["run_id"][0]
    wait_for(lambda: (folder / f"results/runs/{long_run}/steps.jsonl").exists())
    for pid in processes(long_run):
        os.kill(pid, signal.SIGKILL)
    said, _ = snakemake_process.communicate(timeout=300)
    assert snakemake_process.returncode == 1, said
    table = runs(folder)
    assert table["status"].to_list() == ["completed", "interrupted"], said
    assert long_run in (folder / "reports/small/index.html").read_text()

    write_grid(folder, samples="640")
    code, said = snakemake(folder)
    assert code == 0, said
    assert runs(folder)["status"].to_list() == ["completed"]


def test_a_stale_lock_has_a_one_line_remedy(folder):
    write_grid(folder, samples="640000")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command(), cwd=folder, **quiet)
    wait_for(lambda: any(folder.glob("results/runs/*/attempts.json")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = processes(next(folder.glob("results/runs/*")).name)
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))
    write_grid(folder, samples="640")
    code, said = snakemake(folder)
    assert code != 0
    assert "unlock" in said
    assert snakemake(folder, "--unlock")[0] == 0
    code, said = snakemake(folder)
    assert code == 0, said
    assert runs(folder)["status"].to_list() == ["completed"]


def test_a_bad_grid_is_told_without_a_traceback_and_nothing_is_written(folder):
    write_grid(folder, more="  - {name: bad, samples_seen: 640, archh: vit_pico}\n")
    code, said = snakemake(folder)
    assert code != 0
    assert "grids/small.yaml:7:" in said
    assert "archh: unknown key; did you mean arch?" in said
    assert "Traceback" not in said
    assert not (folder / "results").exists()


TUNED = """\
hardware: {gpu: cpu}
evaluation: [embedded/unseen, embedded/validation]
common: {source: embedded, arch: resnet_pico, strategy: clip, size: 256, global_batch_size: 64,
  tune: {lr: [1e-3, 1e4], at: 640, seeds: 7}, grad_clip: null, warmup: 0.0}
grid: {samples_seen: 1280, seed: [0, 1]}
"""


def test_trials_choose_the_learning_rate_and_stay_out_of_the_results(folder):
    (folder / "grids/small.yaml").write_text(TUNED)
    code, said = snakemake(folder)
    assert code == 0, said
    table = runs(folder)
    trials, rest = (table.filter(pl.col("purpose") == purpose) for purpose in ("tuning", "study"))
    assert sorted(trials["lr"]) == [1e-3, 1e4]
    assert rest["lr"].to_list() == [1e-3, 1e-3]
    assert set(rest["tuned"]) == {"lr 0.001, the least of 2 tried, by embedded/validation"}
    assert rest["finished"].min() > trials["finished"].max()
    page = (folder / "reports/small/index.html").read_text()
    assert "to choose learning rates" in page
    settings = pl.read_csv(folder / "reports/small/tables/settings.csv")
    assert settings["n"].to_list() == [2]
