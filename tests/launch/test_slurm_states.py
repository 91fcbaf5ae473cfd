"""How a job stands: its own record, then sacct, else squeue; whatever these say, or do not."""

import shutil

import pytest

from study.errors import SubmitError
from study.launch import State
from study.launch.slurm import queries
from study.records import Status


def states(updates):
    return {update.job.key: update.state for update in updates}


@pytest.fixture
def submitted(slurm, opened, request_for):
    """One job in Slurm, and its launcher; Slurm knows nothing of it yet."""

    def submit(command="true", *, options=None, **resources):
        launcher = opened("slurm", **({"file_seconds": 600.0} | (options or {})))
        launcher.submit([request_for("one", command, **resources)])
        return launcher

    return submit


def test_the_record_is_known_before_slurm_says_anything(slurm, submitted):
    launcher = submitted("echo hello")
    slurm.jobs("1 RUNNING")
    assert states(launcher.poll()) == {"one": State.RUNNING}
    slurm.run(1)
    assert states(launcher.poll()) == {"one": State.COMPLETED}
    assert not launcher.active


def test_an_array_is_told_apart(slurm, opened, request_for):
    launcher = opened("slurm")
    launcher.submit([request_for(str(n)) for n in range(6)])
    slurm.jobs("1_0 RUNNING", "1_1 COMPLETING", "1_[2,4-5%3] PENDING", "1_3 CANCELLED by 0", "1_3.batch CANCELLED")
    found = launcher.poll()
    assert states(found) == {
        "0": State.RUNNING, "1": State.RUNNING, "2": State.PENDING, "3": State.FAILED, "4": State.PENDING,
        "5": State.PENDING,
    }  # fmt: skip
    assert [(u.reason, u.detail) for u in found if u.job.key == "3"] == [(Status.CANCELLED, "by root")]
    assert len(slurm.calls("sacct")) == 1


@pytest.mark.parametrize(
    ("state", "reason", "detail"),
    [
        ("OUT_OF_MEMORY", Status.OUT_OF_MEMORY, "it took more than mem_mb=100"),
        ("TIMEOUT", Status.TIMEOUT, "it took longer than runtime=5 minutes"),
        ("DEADLINE", Status.TIMEOUT, "it took longer than runtime=5 minutes"),
        ("NODE_FAIL", Status.NODE_FAILURE, "on n1"),
        ("BOOT_FAIL", Status.NODE_FAILURE, "on n1"),
        ("PREEMPTED", Status.PREEMPTED, "by another job, and Slurm does not start it again"),
        ("CANCELLED by 0", Status.CANCELLED, "by root"),
        ("CANCELLED", Status.CANCELLED, "by its user or an administrator"),
        ("FAILED", Status.FAILED, "it left no record: was it killed, or can {folder} not be seen and written from n1?"),
    ],
)
@pytest.mark.parametrize("source", ["sacct", "squeue"])
def test_a_job_that_was_killed_fails_with_slurms_reason(slurm, submitted, tmp_path, source, state, reason, detail):
    slurm.without_accounting()
    if source == "sacct":
        slurm.says("sacct")
    launcher = submitted(options={"lag_seconds": 0.0, "file_seconds": 0.0}, mem_mb=100, runtime=5)
    slurm.jobs(f"1 {state}", source=source)
    (folder,) = tmp_path.glob("jobs/slurm-*")
    (update,) = [*launcher.poll(), *launcher.poll()][-1:]
    assert (update.state, update.reason, update.detail) == (State.FAILED, reason, detail.format(folder=folder))
    assert update.job.id == "1"


def test_a_command_that_fails_is_told_with_its_exit_code_and_the_end_of_its_log(slurm, submitted):
    launcher = submitted("echo before; echo 'ValueError: no' >&2; exit 3")
    assert slurm.run(1) == 3
    assert states(launcher.poll()) == {"one": State.RUNNING}  # Slurm may know a better reason
    slurm.jobs("1 FAILED")
    (update,) = launcher.poll()
    assert (update.reason, update.detail) == (Status.FAILED, "exit code 3: ValueError: no")
    assert update.log_end == "before\nValueError: no"
    assert update.message.splitlines()[0] == "run one (job 1): failed, exit code 3: ValueError: no"
    assert str(update.job.log) in update.message


def test_what_slurm_writes_into_the_log_is_a_reason_when_the_state_is_none(slurm, submitted):
    launcher = submitted("kill -9 $$")
    slurm.run(1)
    output = slurm.script(1)[0]["output"]
    with open(output, "a") as file:
        file.write("slurmstepd: error: Detected 1 oom_kill event in StepId=1.batch\n")
    slurm.jobs("1 FAILED")
    (update,) = launcher.poll()
    assert update.reason is Status.OUT_OF_MEMORY
    assert "oom_kill event" in update.log_end


@pytest.mark.parametrize("state", ["PENDING", "REQUEUED", "PREEMPTED", "NODE_FAIL", "REQUEUE_HOLD", "SOMETHING_NEW"])
def test_a_job_that_may_go_on_is_active(slurm, submitted, state):
    launcher = submitted()
    slurm.jobs(f"1 {state}")
    for _ in range(3):
        launcher.poll()
    assert launcher.active
    slurm.jobs("1 RUNNING")
    assert states(launcher.poll()) == {"one": State.RUNNING}


def test_a_state_that_lags_is_waited_for(slurm, submitted):
    launcher = submitted()
    assert states(launcher.poll()) == {"one": State.PENDING}
    assert launcher.poll() == []
    slurm.jobs("1 COMPLETED")
    assert launcher.poll() == []  # without its record, which may come late
    slurm.run(1)
    assert states(launcher.poll()) == {"one": State.COMPLETED}


def test_a_job_whose_record_never_comes_has_completed_when_slurm_says_so(slurm, submitted):
    launcher = submitted(options={"file_seconds": 0.0})
    slurm.jobs("1 COMPLETED")
    assert states(launcher.poll()) == {"one": State.COMPLETED}


@pytest.fixture
def sacct_lags_no_longer(monkeypatch):
    monkeypatch.setattr(queries, "SACCT_LAGS_SECONDS", 0.0)


def test_a_job_that_nobody_knows_is_lost_after_a_while(slurm, submitted, sacct_lags_no_longer):
    launcher = submitted(options={"lag_seconds": 0.0})
    assert states(launcher.poll()) == {"one": State.PENDING}  # squeue was not asked yet
    (update,) = launcher.poll()
    assert (update.reason, update.detail) == (Status.FAILED, "lost: Slurm does not know it, and it left no record")


def test_a_job_that_sacct_does_not_know_is_asked_of_squeue(slurm, submitted, sacct_lags_no_longer):
    launcher = submitted()
    slurm.jobs("1 RUNNING", source="squeue")
    launcher.poll()
    assert states(launcher.poll()) == {"one": State.RUNNING}
    for _ in range(4):
        launcher.poll()
    assert [len(slurm.calls(name)) for name in ("sacct", "squeue")] == [3, 3]  # one question a time, in turn


def test_a_job_that_sacct_does_not_know_is_not_lost_while_squeue_is_silent(slurm, submitted, sacct_lags_no_longer):
    slurm.says("squeue", code=1, error="squeue: error: Unable to contact slurm controller\n")
    launcher = submitted(options={"lag_seconds": 0.0, "file_seconds": 0.0})
    for _ in range(5):
        launcher.poll()
    assert launcher.active


@pytest.mark.parametrize(
    "broken", [{"code": 1, "error": "sacct: error: Connection refused\n"}, {"text": "Segmentation\n"}]
)
def test_squeue_is_asked_where_sacct_is_down_and_that_is_said_once(slurm, submitted, said, broken):
    slurm.says("sacct", **broken)
    slurm.jobs("1 RUNNING", "77 RUNNING", source="squeue")
    launcher = submitted()
    assert states(launcher.poll()) == {"one": State.RUNNING}
    launcher.poll()
    assert len(said) == 1
    assert said[0].endswith("squeue is asked instead")
    assert len(slurm.calls("squeue")) == 2
    assert len(slurm.calls("sacct")) == 1  # it is left alone for some minutes


def test_nobody_answering_is_no_end(slurm, submitted, said):
    for name in ("sacct", "squeue"):
        slurm.says(name, code=1, error=f"{name}: error: Unable to contact slurm controller\n")
    launcher = submitted(options={"lag_seconds": 0.0, "file_seconds": 0.0})
    for _ in range(3):
        launcher.poll()
    assert launcher.active
    assert said == [
        "sacct: Unable to contact slurm controller; squeue is asked instead",
        "Slurm does not say how jobs stand, they are waited for: squeue: Unable to contact slurm controller",
    ]
    slurm.jobs("1 RUNNING", source="squeue")
    slurm.says("squeue", "1|RUNNING|None|n1\n")
    assert states(launcher.poll()) == {"one": State.RUNNING}
    slurm.says("squeue", code=1, error="down")
    slurm.run(1)
    assert states(launcher.poll()) == {"one": State.COMPLETED}


def test_a_failure_is_told_by_its_record_when_nobody_answers(slurm, submitted):
    for name in ("sacct", "squeue"):
        slurm.says(name, code=1, error="down")
    launcher = submitted("exit 4", options={"file_seconds": 0.0})
    slurm.run(1)
    (update,) = launcher.poll()
    assert update.detail == "exit code 4"


def test_slurm_is_not_asked_more_often_than_every_interval(slurm, submitted):
    launcher = submitted(options={"query_seconds": 600.0})
    for _ in range(5):
        launcher.poll()
    assert len(slurm.calls("sacct")) == 1


def test_a_job_that_waits_for_ever_is_told(slurm, submitted):
    launcher = submitted()
    slurm.says("sacct", "1|PENDING|PartitionTimeLimit|None assigned\n")
    (update,) = launcher.poll()
    assert update.state is State.PENDING
    assert update.detail.startswith("PartitionTimeLimit: Slurm took the job, and cannot start it")


def test_a_batch_folder_that_vanished_is_named(slurm, submitted, tmp_path, sacct_lags_no_longer):
    launcher = submitted(options={"lag_seconds": 0.0})
    (folder,) = tmp_path.glob("jobs/slurm-*")
    shutil.rmtree(folder)
    launcher.poll()
    (update,) = launcher.poll()
    assert update.detail.endswith(f"and {folder} is gone")


def test_cancelling_names_whole_arrays_where_it_can(slurm, opened, request_for):
    launcher = opened("slurm")
    jobs = launcher.submit([request_for(str(n)) for n in range(3)])
    more = launcher.submit([request_for("other")])
    launcher.cancel(jobs[:2])
    launcher.cancel([*jobs, *more])
    assert slurm.calls("scancel") == ["1_0 1_1", "1 2"]


def test_a_cancellation_that_slurm_does_not_take_is_told(slurm, submitted):
    launcher = submitted()
    slurm.says("scancel", code=1, error="scancel: error: Unable to contact slurm controller\n")
    with pytest.raises(SubmitError, match=r"scancel: Unable to contact .*; the jobs go on: cancel them again"):
        launcher.cancel(launcher.jobs)
    slurm.says("scancel", code=1, error="scancel: error: Kill job error on job id 1: Invalid job id specified\n")
    launcher.cancel(launcher.jobs)


def test_a_cancellation_on_a_full_disk_is_one_all_the_same(slurm, submitted, said, full_disk):
    launcher = submitted()
    with full_disk():
        launcher.cancel(launcher.jobs)
    assert slurm.calls("scancel") == ["1"]
    assert "cancelled.json: the disk is full" in said[0]


def test_a_source_that_is_back_is_said(slurm, submitted, said):
    slurm.without_accounting()
    launcher = submitted()
    slurm.jobs("1 RUNNING", source="squeue")
    launcher.poll()
    slurm.says("squeue", code=1, error="squeue: error: Unable to contact slurm controller\n")
    launcher.poll()
    slurm.says("squeue", "1|COMPLETED|None|n1\n")
    launcher.poll()
    assert said[0] == "sacct: Slurm accounting storage is disabled; squeue is asked instead"
    assert said[-1] == "squeue answers again"
