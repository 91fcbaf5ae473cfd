"""Jobs that ask for more time than their partition gives: they go on after its limit."""

import signal
import subprocess
import sys
import time

import pytest

from study.launch import State
from study.launch.noted import noted

PARTITIONS = "short*|1:00:00\nlong|7-00:00:00\nfree|infinite\ntiny|1:00\nodd|2:30\naway|n/a\n"


@pytest.fixture
def minutes(slurm, opened, request_for):
    """The time limit that Slurm is given for a job that asks for 5000 minutes in a partition."""
    slurm.says("sinfo", PARTITIONS)

    def of(partition, runtime=5000, **options):
        asked = {} if partition is None else {"slurm_partition": partition}
        opened("slurm", **options).submit([request_for("one", runtime=runtime, **asked)])
        return int(slurm.script(1)[0]["time"])

    return of


@pytest.mark.parametrize(
    ("partition", "most"),
    [
        (None, 60), ("short", 60), ("long", 5000), ("free", 5000), ("tiny", 1), ("odd", 2), ("away", 5000),
        ("long,short", 60), ("long,free", 5000), ("absent", 5000),
    ],
)  # fmt: skip
def test_a_time_limit_is_clipped_to_the_shortest_partitions(minutes, said, partition, most):
    assert minutes(partition) == most
    assert len(said) == (most < 5000)


def test_a_limit_that_partitions_do_not_tell_is_a_setting(minutes):
    assert minutes("free", longest_minutes=90) == 90


def test_the_partition_counts_where_it_gives_less(minutes):
    assert minutes("short", longest_minutes=90) == 60


def test_a_job_that_asks_for_less_is_left_alone(minutes, said):
    assert minutes("short", runtime=60) == 60
    assert said == []


def test_that_jobs_go_on_is_said_once_a_partition_and_slurm_asked_once(slurm, opened, request_for, said):
    slurm.says("sinfo", PARTITIONS)
    launcher = opened("slurm")
    launcher.submit([request_for(str(n), runtime=100 + n, slurm_partition="short") for n in range(3)])
    launcher.submit([request_for("more", runtime=100), request_for("tiny", runtime=2, slurm_partition="tiny")])
    assert [words.split(":")[0] for words in said] == [
        f"jobs of more than {most} minutes, the most in {where}, save at that limit and go on in a new attempt"
        for most, where in ((60, "partition short"), (60, "the default partition"), (1, "partition tiny"))
    ]
    assert len(slurm.calls("sinfo")) == 1
    assert [job.id for job in launcher.jobs[:3]] == ["1_0", "1_1", "1_2"]  # alike, once they are clipped


def test_while_the_controller_is_away_nothing_is_submitted_without_knowing(slurm, opened, request_for, said):
    slurm.says("sinfo", code=1, error="slurm_load_partitions: Unable to contact slurm controller (connect failure)\n")
    launcher = opened("slurm")
    launcher.submit([request_for("one", runtime=5000)])
    assert slurm.calls("sbatch") == []
    slurm.says("sinfo", PARTITIONS)
    launcher.poll()
    assert slurm.script(1)[0]["time"] == "60"


def test_how_often_a_job_was_started_again_is_known_without_slurm(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    launcher.submit([request_for("one"), request_for("two")])
    launcher.close()
    slurm.run(1, 0, restarts=2)
    next((tmp_path / "jobs").glob("*/0.end.json")).unlink()  # as if it still ran
    assert [(one.job.id, one.restarts) for one in noted(tmp_path / "jobs")] == [("1_0", 2), ("1_1", 0)]


def test_a_job_at_its_limit_is_told_as_interrupted_and_why(slurm, opened, request_for, monkeypatch):
    slurm.says("sinfo", PARTITIONS)
    slurm.says("squeue", "RUNNING\n")
    program = "import signal, sys; signal.signal(signal.SIGUSR2, lambda *_: sys.exit(75)); print('ready', flush=True)"
    request = request_for(
        "one", f'exec {sys.executable} -c "{program}; signal.pause()"', runtime=3, slurm_partition="tiny"
    )
    launcher = opened("slurm", file_seconds=600.0)
    launcher.submit([request])
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with subprocess.Popen(["bash", slurm.folder / "script.1"], stdout=subprocess.DEVNULL) as process:
        end = time.monotonic() + 600
        while not request.log.exists() or "ready" not in request.log.read_text():
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGUSR2)
    monkeypatch.delenv("SLURM_JOB_ID")
    assert slurm.calls("scontrol")[-1] == "requeue 1"
    slurm.jobs("1 PENDING")
    (update,) = launcher.poll()
    told = "it saved at its time limit, runtime=1, and goes on in a new attempt"
    assert (update.state, update.detail) == (State.INTERRUPTED, told)
