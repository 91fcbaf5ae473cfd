"""Whole studies on the test Slurm: through Snakemake, killed and stopped on the way, and by `study submit`."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.executor import toy
from tests.slurm import jobs, saver

pytestmark = pytest.mark.slurm
ROOT = Path(__file__).parents[2]
GRID = """\
title: A small study
hardware: {{gpu: cpu}}
evaluation: embedded/unseen
common: {{source: embedded, arch: resnet_pico, strategy: clip, size: 128, global_batch_size: 64, samples_seen: 128}}
grid: {{seed: {seeds}}}
"""
RUNS = 12


def folder_of_a_study(tmp_path):
    """No runs yet; its jobs go to the partition low, by a profile."""
    (tmp_path / "grids").mkdir()
    (tmp_path / "profiles/slurm").mkdir(parents=True)
    profile = (
        (ROOT / "profiles/slurm/config.yaml")
        .read_text()
        .replace("# submitit-partition: gpu", "submitit-partition: low")
    )
    (tmp_path / "profiles/slurm/config.yaml").write_text(profile)
    return tmp_path


@pytest.fixture
def study(slurm, tmp_path):
    return folder_of_a_study(tmp_path)


@pytest.fixture
def study_without_accounting(slurm_without_accounting, tmp_path):
    return folder_of_a_study(tmp_path)


def plan(folder, runs):
    (folder / "grids/small.yaml").write_text(GRID.format(seeds=list(range(runs))))
    run(folder, "plan", "grids/small.yaml", "--quiet")
    return pl.read_parquet(folder / "results/small/plan.parquet")["run_id"].to_list()


def run(folder, *command):
    done = subprocess.run(
        [sys.executable, "-m", "study", *command], cwd=folder, text=True, capture_output=True, timeout=toy.PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def snakemake(*more):
    return [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
        "--workflow-profile", "profiles/slurm",
        "--submitit-poll-seconds", "2", "--submitit-leave-running", "--config", "grid=grids/small.yaml", *more,
    ]  # fmt: skip


def said(folder):
    return (folder / "said.txt").read_text()


def ended(folder):
    return len(list(folder.glob("results/runs/*/outcome.json")))


def statuses(folder):
    return pl.read_parquet(folder / "results/small/runs.parquet")["status"].to_list()


def test_twelve_runs_while_snakemake_is_killed_stopped_and_started_again(slurm, study):
    ids = plan(study, RUNS)
    (study / "results/runs" / ids[0] / "checkpoints").touch()  # no folder: it cannot save
    with toy.running(study, start=snakemake) as first:
        toy.wait_for(lambda: len(jobs.queue(slurm, study)) == RUNS, "an array of twelve")
        toy.wait_for(lambda: list(study.glob("results/runs/*/train.log")), "a run at work")
        first.kill()
    assert subprocess.run(snakemake("--unlock"), cwd=study, timeout=toy.PATIENCE).returncode == 0
    with toy.running(study, start=snakemake) as second:
        toy.wait_for(lambda: "still run, and are not submitted twice" in said(study), "the second's word")
        toy.wait_for(lambda: ended(study) >= 1, "the end of a run")
        second.send_signal(signal.SIGINT)
        second.wait(toy.PATIENCE)
    assert "jobs are left running" in said(study)
    with toy.running(study, start=snakemake) as third:
        assert third.wait(toy.PATIENCE) == 1
    tasks = [job.split("_") for job in jobs.accounted(slurm, study)]
    assert sum(task[0] == tasks[0][0] for task in tasks) == RUNS  # one array; the failing one may have been tried again
    table = pl.read_parquet(study / "results/small/runs.parquet")
    assert dict(table["status"].value_counts().iter_rows()) == {"completed": RUNS - 1, "failed": 1}
    for run_id in ids[1:]:
        assert len(json.loads((study / f"results/runs/{run_id}/attempts.json").read_text())) == 1
    failed = table.filter(pl.col("status") == "failed").row(0, named=True)
    assert failed["run_id"] == ids[0]
    assert "checkpoints" in failed["reason"]
    shown = said(study).partition(f"{ids[0]}_evaluate_train (job ")[2]
    assert "failed, exit code" in shown.splitlines()[0]
    assert "log: " in shown.splitlines()[1]
    assert "checkpoints" in "\n".join(shown.splitlines()[2:24])
    assert (study / "reports/small/index.html").exists()


def test_submit_and_leave(slurm, study):
    plan(study, 2)
    slurm.run("scontrol", "update", "PartitionName=low", "State=DOWN")
    try:
        first = run(study, "submit", "grids/small.yaml")
        assert first.splitlines()[-1] == "small: 0 runs done, 0 still running, 2 submitted"
        again = run(study, "submit", "grids/small.yaml")
        assert again.splitlines()[-1] == "small: 0 runs done, 2 still running, 0 submitted"
        assert len(jobs.queue(slurm, study)) == 3
        told = json.loads(run(study, "status", "small", "--json"))["jobs"]
        assert set(told.values()) == set(jobs.queue(slurm, study))
        with toy.running(study, start=snakemake) as process:  # it waits for the jobs that are there
            toy.wait_for(lambda: len(list(study.glob(".snakemake/incomplete/*"))) == 4, "two jobs of two outputs")
            process.send_signal(signal.SIGINT)
            process.wait(toy.PATIENCE)
        assert "3 jobs that were submitted earlier still run" in said(study)
        assert "2 jobs are left running" in said(study)
        assert len(jobs.queue(slurm, study)) == 3
        plan(study, 3)
        more = json.loads(run(study, "submit", "grids/small.yaml", "--json"))
        assert [len(more[part]) for part in ("running", "submitted")] == [2, 1]
        assert all(one["job"] for one in more["running"] + more["submitted"])
        toy.wait_for(lambda: sum(state == "PENDING" for state in jobs.queue(slurm, study).values()) == 4, "one report")
    finally:
        slurm.run("scontrol", "update", "PartitionName=low", "State=UP")
    toy.wait_for(lambda: statuses(study) == ["completed"] * 3, "the last job")  # Snakemake collected before, too
    slurm.wait_until_idle()
    assert (study / "reports/small/index.html").stat().st_mtime > (study / "results/small/runs.parquet").stat().st_mtime
    assert run(study, "submit", "grids/small.yaml") == "small: 3 runs done, 0 still running, 0 submitted\n"


def test_a_study_through_snakemake_where_only_squeue_tells(slurm_without_accounting, study_without_accounting):
    folder = study_without_accounting
    ids = plan(folder, 3)
    (folder / "results/runs" / ids[0] / "checkpoints").touch()  # no folder: it cannot save
    with toy.running(folder, start=snakemake) as process:
        assert process.wait(toy.PATIENCE) == 1
    assert sorted(statuses(folder)) == ["completed", "completed", "failed"]
    assert said(folder).count("Slurm accounting storage is disabled; squeue is asked instead") == 1
    assert f"{ids[0]}_evaluate_train (job " in said(folder)
    assert (folder / "reports/small/index.html").exists()


SAVING = """\
rule all:
    output: "made.txt"
    resources: nodes=2, runtime=9, mem_mb=200, extra="--exclusive"
    shell: "{python} {saver} . > saved.log; echo > {{output}}"
"""


def test_a_preempted_job_saves_and_goes_on_below_snakemake(slurm, tmp_path):
    toy.write(tmp_path, SAVING.format(python=sys.executable, saver=saver.__file__))
    log = tmp_path / "saved.log"
    with toy.running(tmp_path, "--submitit-launcher", "slurm", "--submitit-signal-seconds", "1") as process:
        toy.wait_for(lambda: log.exists() and "from 0" in log.read_text(), "a start")
        jobs.submit(slurm, tmp_path, "sleep 1", "--partition", "high", "--nodes", "2", "--exclusive")
        toy.wait_for(lambda: (tmp_path / "step").exists(), "a checkpoint")
        toy.wait_for(lambda: "from" in log.read_text() and "from 0" not in log.read_text(), "another start")
        (tmp_path / "go").touch()
        assert process.wait(toy.PATIENCE) == 0, said(tmp_path)
    assert log.read_text().startswith(f"from {(tmp_path / 'step').read_text()}")
    assert "interrupted" in said(tmp_path)
