"""Jobs that start again, and launchers that do."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from study.errors import StorageError
from study.launch import State
from study.records import Status

SAVES = "trap 'echo saved; exit 2' USR2; echo ready; while :; do sleep .05; done"


def wait_for(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def begun(slurm, opened, request_for, tmp_path, monkeypatch):
    """A job that saves when it is told to, running; its launcher, its process, its log."""
    processes = []

    def begin(command, restarts=0, **options):
        program = tmp_path / "program.py"
        program.write_text(command)
        launcher = opened("slurm", **({"file_seconds": 600.0} | options))
        request = request_for("one", f"{sys.executable} {program}; exit $?", runtime=1)
        launcher.submit([request])
        monkeypatch.setenv("SLURM_JOB_ID", "1")
        monkeypatch.setenv("SLURM_RESTART_COUNT", str(restarts))
        process = subprocess.Popen(["bash", slurm.folder / "script.1"], stdout=subprocess.DEVNULL)
        processes.append(process)
        wait_for(lambda: request.log.exists() and "ready" in request.log.read_text())
        monkeypatch.delenv("SLURM_JOB_ID")
        return launcher, process, request.log

    yield begin
    for process in processes:
        process.kill()
        process.wait()


TRAINER = """
import signal, sys, time
def save(number, frame):
    print("saved by", signal.Signals(number).name, flush=True)
    sys.exit(75)
signal.signal(signal.SIGUSR2, save)
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""


def test_a_warned_job_saves_and_is_put_into_the_queue_again(slurm, begun):
    slurm.says("squeue", "RUNNING\n")
    launcher, process, log = begun(TRAINER)
    process.send_signal(signal.SIGUSR2)  # to the wrapper alone; a shell is between it and the program
    assert process.wait(600) == 75
    assert log.read_text() == "ready\nsaved by SIGUSR2\n"
    assert slurm.calls("scontrol")[-1] == "requeue 1"
    slurm.jobs("1 PENDING")
    (update,) = launcher.poll()
    assert update.state is State.INTERRUPTED
    assert launcher.active


ASKS = "from study import job; print('ready', flush=True); job.ask_for_another_start(); raise SystemExit(1)"


def test_a_job_starts_again_when_it_asks_for_that_below_programs_that_hide_its_exit_code(slurm, begun):
    slurm.says("squeue", "RUNNING\n")
    _, process, _ = begun(ASKS)
    process.wait(600)
    assert slurm.calls("scontrol")[-1] == "requeue 1"


def test_a_job_that_slurm_is_ending_is_left_to_slurm(slurm, begun):
    slurm.says("squeue", "COMPLETING\n")
    launcher, process, _ = begun(TRAINER.replace("SIGUSR2", "SIGTERM"))
    process.send_signal(signal.SIGTERM)
    process.wait(600)
    assert "requeue 1" not in slurm.calls("scontrol")
    slurm.jobs("1 PREEMPTED")
    assert [update.state for update in launcher.poll()] == [State.INTERRUPTED]
    slurm.jobs("1 CANCELLED by 0")
    assert [update.reason for update in launcher.poll()] == [Status.CANCELLED]


def test_a_cancelled_job_is_not_put_into_the_queue_again(slurm, begun):
    slurm.says("squeue", "RUNNING\n")
    launcher, process, _ = begun(TRAINER.replace("SIGUSR2", "SIGTERM"))
    launcher.cancel(launcher.jobs)
    process.send_signal(signal.SIGTERM)
    process.wait(600)
    assert "requeue 1" not in slurm.calls("scontrol")
    assert [(update.reason, update.detail) for update in launcher.poll()] == [(Status.CANCELLED, "stopped by SIGTERM")]


def test_a_job_that_was_interrupted_too_often_fails(slurm, begun):
    slurm.says("squeue", "RUNNING\n")
    launcher, process, _ = begun(TRAINER, restarts=3, requeues=3)
    process.send_signal(signal.SIGUSR2)
    process.wait(600)
    (update,) = launcher.poll()
    assert update.reason is Status.TIMEOUT  # of one minute, most of which is the time to save
    assert update.detail == "it saved at its time limit, runtime=1; it was put into the queue again 3 times already"


def test_a_launcher_that_is_opened_again_has_the_jobs_that_are_in_flight(slurm, opened, request_for):
    launcher = opened("slurm")
    before = launcher.submit([request_for(str(n)) for n in range(3)])
    launcher.close()
    slurm.run(1, 1)
    slurm.jobs("1_0 RUNNING", "1_1 COMPLETED", "1_2 PENDING")
    again = opened("slurm")
    assert [job.id for job in again.jobs] == ["1_0", "1_2"]
    assert [(update.job.key, update.state) for update in again.missed] == [("1", State.COMPLETED)]
    assert again.submit([request_for("0"), request_for("2")]) == [before[0], before[2]]
    assert len(slurm.calls("sbatch")) == 1
    slurm.run(1, 0)
    slurm.run(1, 2)
    assert {update.state for update in again.poll()} == {State.COMPLETED}
    again.close()
    assert opened("slurm").missed == []


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL"])
def test_a_job_that_is_being_requeued_when_a_launcher_is_opened_is_not_submitted_twice(
    slurm, opened, request_for, tmp_path, state
):
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    launcher.close()
    made_an_hour_ago(tmp_path)
    slurm.jobs(f"1 {state}")
    again = opened("slurm", lag_seconds=600.0)
    assert [job.id for job in again.submit([request_for("one")])] == ["1"]
    slurm.jobs("1 RUNNING")
    assert [update.state for update in again.poll()] == [State.RUNNING]
    assert len(slurm.calls("sbatch")) == 1


def test_a_key_that_failed_while_nobody_looked_is_submitted_anew(slurm, opened, request_for):
    launcher = opened("slurm")
    launcher.submit([request_for("one", "exit 1")])
    launcher.close()
    slurm.run(1)
    slurm.jobs("1 FAILED")
    again = opened("slurm")
    assert [update.detail for update in again.missed] == ["exit code 1"]
    assert [job.id for job in again.submit([request_for("one")])] == ["2"]


def forget_the_id(tmp_path):
    """As when the process was killed between sbatch's reply and its note of it."""
    (folder,) = tmp_path.glob("jobs/slurm-*")
    (folder / "state.json").unlink(missing_ok=True)
    return made_an_hour_ago(tmp_path)


def made_an_hour_ago(tmp_path):
    (folder,) = tmp_path.glob("jobs/slurm-*")
    made = json.loads((folder / "batch.json").read_text())
    made["made"] -= 3600
    (folder / "batch.json").write_text(json.dumps(made))
    return made["label"]


def test_a_batch_whose_id_was_not_noted_is_found_by_its_label(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    launcher.close()
    label = forget_the_id(tmp_path)
    slurm.says("squeue", "1\n")
    slurm.jobs("1 RUNNING")
    again = opened("slurm")
    assert [job.id for job in again.jobs] == ["1"]
    assert f"--name={label}" in slurm.calls("squeue")[0]


def test_a_batch_that_slurm_never_heard_of_is_submitted(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    launcher.close()
    forget_the_id(tmp_path)
    again = opened("slurm")
    assert again.jobs == []
    assert [job.id for job in again.submit([request_for("one")])] == ["2"]


def test_a_batch_of_which_nobody_can_say_whether_it_was_taken_is_not_submitted_again(
    slurm, opened, request_for, tmp_path
):
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    launcher.close()
    forget_the_id(tmp_path)
    slurm.says("squeue", code=1, error="squeue: error: Unable to contact slurm controller\n")
    slurm.says("sacct", code=1, error="sacct: error: Connection refused\n")
    again = opened("slurm")
    assert [job.id for job in again.submit([request_for("one")])] == [None]
    assert len(slurm.calls("sbatch")) == 1


def test_a_reply_that_makes_no_sense_is_followed_up(slurm, opened, request_for, said):
    slurm.says(
        "sbatch", code=1, error="sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n"
    )
    launcher = opened("slurm")
    assert [job.id for job in launcher.submit([request_for("one")])] == [None]
    assert "did not say whether it took" in said[0]
    slurm.says("squeue", "41\n")
    launcher.poll()
    assert [job.id for job in launcher.jobs] == ["41"]


def test_a_damaged_journal_says_what_to_do(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    launcher.close()
    (folder,) = tmp_path.glob("jobs/slurm-*")
    (folder / "batch.json").write_text('{"kind": "sl')
    with pytest.raises(StorageError, match=rf"cannot be read.*remove {folder}, and run again"):
        opened("slurm")
    shutil.rmtree(folder)
    assert opened("slurm").jobs == []


def test_a_damaged_state_is_found_out_again(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    launcher.close()
    (folder,) = tmp_path.glob("jobs/slurm-*")
    (folder / "state.json").write_text("{")
    slurm.says("squeue", "1\n")
    assert [job.id for job in opened("slurm").jobs] == ["1"]


def test_a_damaged_record_is_left_to_slurms_word(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    (folder,) = tmp_path.glob("jobs/slurm-*")
    (folder / "0.end.json").write_text("{")
    slurm.jobs("1 COMPLETED")
    assert [update.state for update in launcher.poll()] == [State.COMPLETED]


def test_a_job_whose_node_has_a_full_disk_ends_by_slurms_word(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    request = request_for("one", "echo hello")
    launcher.submit([request])
    (folder,) = tmp_path.glob("jobs/slurm-*")
    for name in ("0.end.json", "0.begin.json"):
        (folder / name).mkdir()  # nothing can be renamed over it
    assert slurm.run(1) == 0
    assert "cannot write" in Path(slurm.script(1)[0]["output"]).read_text()
    slurm.jobs("1 COMPLETED")
    assert [update.state for update in launcher.poll()] == [State.COMPLETED]
    assert request.log.read_text() == "hello\n"
