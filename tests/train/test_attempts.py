"""What the processes that worked on a run took and lost, and a job that was started again."""

import json
import subprocess
import sys
import threading
import time

import pytest

from study import io, job
from study.cli import main
from study.records import FAILURE, Outcome
from study.train import predecessor

BATCH = 32


def train(path, code=0):
    assert main(["train", str(path), "--device", "cpu", "--threads", "1"]) == code
    done = path.parent / "outcome.json"
    return Outcome.model_validate(io.read_json(done)) if done.exists() else None


def attempt(first, last, hours, **more):
    return {"started": "", "host": "h", "first_sample": first, "last_sample": last, "wall_hours": hours, **more}


def test_each_attempt_is_charged_for_the_devices_it_had_and_what_was_lost_is_counted(planned_run):
    path = planned_run(samples_seen=BATCH * 20)
    io.write_json(path.parent / "attempts.json", [attempt(0, 96, 2.0, world_size=4), attempt(64, 160, 1.0)])
    io.append_line(path.parent / "steps.jsonl", json.dumps({"samples_seen": 192}))  # after its last entry: a kill
    outcome = train(path)
    own, cost = outcome.attempts[-1], outcome.cost
    assert own.world_size == 1
    assert cost.gpu_hours == pytest.approx(8 + 1 + own.wall_hours)  # an old file says not how many: as many as now
    assert cost.lost_steps == (96 - 64 + 192 - 0) // BATCH
    assert cost.lost_gpu_hours == pytest.approx(cost.lost_steps * cost.step_time_ms / 3.6e6)


@pytest.fixture
def in_job(monkeypatch, tmp_path):
    """As a process of a job that began five minutes ago; what asks for another start makes this file."""
    for name in (job.STARTED, job.AGAIN):
        monkeypatch.setenv(name, "")  # put back after
    job.announce(time.time() - 300, tmp_path / "again")
    return tmp_path / "again"


def test_the_hours_of_a_job_begin_with_it(planned_run, in_job):
    path = planned_run()
    outcome = train(path)
    assert outcome.attempts[0].wall_hours > 300 / 3600
    assert outcome.cost.start_up_seconds > 300


def test_a_job_waits_for_a_predecessor_that_ends(planned_run, in_job, capsys):
    path = planned_run()
    holds = (
        "import sys; from pathlib import Path; from study import io\n"
        "with io.lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.readline()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", holds, str(path.parent / ".lock")], **pipes) as other:
        other.stdout.readline()
        ends = threading.Timer(1.0, other.communicate)
        ends.start()
        train(path)
        ends.join()
    assert "another process is at work on this run and may be saving; waiting up to 30 s" in capsys.readouterr().out
    assert not in_job.exists()


def test_a_job_whose_predecessor_stays_is_started_again(planned_run, in_job, monkeypatch, capsys):
    path = planned_run()
    monkeypatch.setattr(predecessor, "PATIENCE_SECONDS", 0.5)
    with io.lock(path.parent / ".lock"):
        train(path, code=75)
    assert "is in use by another process" in capsys.readouterr().err
    assert in_job.exists()
    assert not (path.parent / FAILURE).exists()
