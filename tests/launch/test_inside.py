"""The wrapper inside a job: signals reach who saves, wherever it is; its end is on disk."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from study.launch import Options
from study.launch.journal import Journal

SAVES = """
import os, signal, sys, time
if "session" in sys.argv:
    os.setsid()
def save(number, frame):
    time.sleep(.3)
    print("saved by", signal.Signals(number).name, flush=True)
    sys.exit(75)
signal.signal(signal.SIGUSR2, save)
signal.signal(signal.SIGTERM, save)
print("ready", flush=True)
while True:
    time.sleep(.05)
"""


@pytest.fixture
def inside(tmp_path, request_for):
    """Starts the wrapper of a local job, and gives it, its log and a function for its record."""
    (tmp_path / "saves.py").write_text(SAVES)
    processes = []

    def start(command, ready=True, **options):
        request = request_for("one", command.replace("SAVES", f"{sys.executable} {tmp_path / 'saves.py'}"))
        batch = Journal(tmp_path / "jobs", "local", "a_study", Options(**options)).write([request])
        env = os.environ | {"SUBMITIT_EXECUTOR": "local", "SUBMITIT_LOCAL_JOB_ID": "a job"}
        command = [sys.executable, "-m", "study.launch.inside", batch.folder, "--index=0"]
        process = subprocess.Popen(command, env=env, cwd=os.getcwd(), stdout=subprocess.DEVNULL)
        processes.append(process)
        end = time.monotonic() + 600
        while ready and not (request.log.exists() and "ready" in request.log.read_text()):
            assert time.monotonic() < end
            time.sleep(0.02)
        return process, request.log, lambda: json.loads((batch.folder / "0.end.json").read_text())

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    "command", ["exec SAVES", "SAVES; exit 1", "SAVES session & wait", "bash -c 'SAVES; exit 3'; true"]
)
def test_the_warning_reaches_whoever_saves_and_ends_nobody_else(inside, command):
    process, log, record = inside(command)
    process.send_signal(signal.SIGUSR2)
    process.wait(600)
    assert log.read_text() == "ready\nsaved by SIGUSR2\n"
    assert record()["signals"] == ["SIGUSR2"]


def test_one_who_saves_while_its_shell_is_gone_is_waited_for(inside):
    process, log, record = inside("SAVES; exit 1")
    process.send_signal(signal.SIGTERM)
    assert process.wait(600) == 143  # of the shell
    assert log.read_text() == "ready\nsaved by SIGTERM\n"
    assert (record()["reason"], record()["detail"]) == ("cancelled", "stopped by SIGTERM")


def test_nobody_is_left_behind(inside, tmp_path):
    process, log, _ = inside("sleep 600 & echo $!; exit 0", ready=False)
    assert process.wait(600) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)


def test_what_is_left_after_term_is_killed(inside):
    process, _, record = inside("trap '' TERM; echo ready; while :; do sleep .05; done", kill_seconds=0.3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(600) == 137
    assert record()["code"] == 137


def test_a_log_that_cannot_be_opened_loses_no_work(inside, tmp_path):
    (tmp_path / "logs" / "one.log").mkdir(parents=True)
    process, _, record = inside(f"echo hello; touch {tmp_path / 'made'}", ready=False)
    assert process.wait(600) == 0
    assert (tmp_path / "made").exists()
    assert record()["code"] == 0


def test_a_second_wrapper_of_the_same_job_does_not_run_it(inside, tmp_path):
    process, log, _ = inside("exec SAVES")
    (folder,) = tmp_path.glob("jobs/local-*")
    env = os.environ | {"SUBMITIT_EXECUTOR": "local", "SUBMITIT_LOCAL_JOB_ID": "a job"}
    command = [sys.executable, "-m", "study.launch.inside", folder, "--index=0"]
    second = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
    assert second.returncode != 0
    assert "is in use by another process" in second.stderr
    assert log.read_text() == "ready\n"
    assert process.poll() is None
