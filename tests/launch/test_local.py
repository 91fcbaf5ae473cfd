"""Jobs as processes of this machine, for real."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from study.errors import BusyError, SubmitError
from study.launch import State
from study.records import Status
from study.summary.state import state


def wait_for(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_jobs_end_with_what_their_commands_say(opened, request_for, ends, tmp_path):
    requests = [
        request_for("good", "echo hello"),
        request_for("bad", "echo before; python3 -c 'int(\"x\")'"),
        request_for("killed", "kill -SEGV $$"),
        request_for("absent", "exec /no/such/program"),
    ]
    launcher = opened("local", cpus=4)
    launcher.submit(requests)
    found = ends(launcher)
    assert found["good"].state is State.COMPLETED
    assert requests[0].log.read_text() == "hello\n"
    assert not requests[0].note.exists()
    bad = found["bad"]
    assert (bad.state, bad.reason) == (State.FAILED, Status.FAILED)
    assert bad.detail == "exit code 1: ValueError: invalid literal for int() with base 10: 'x'"
    assert bad.log_end.startswith("before\nTraceback")
    assert f"log: {requests[1].log}" in bad.message
    assert json.loads(requests[1].note.read_text()) == {"status": "failed", "reason": bad.detail}
    assert found["killed"].detail == "exit code 139 (SIGSEGV)"
    assert "No such file" in found["absent"].detail


def test_each_job_sees_gpus_of_its_own(opened, request_for, ends):
    asked = {"one": 1, "two": 1, "both": 2, "none": 0, "again": 1}
    requests = [request_for(key, "echo [$CUDA_VISIBLE_DEVICES]; sleep .3", gpus=n) for key, n in asked.items()]
    launcher = opened("local", cpus=8, gpus=("3", "GPU-7"))
    launcher.submit(requests)
    assert {update.state for update in ends(launcher).values()} == {State.COMPLETED}
    seen = {request.key: request.log.read_text().strip() for request in requests}
    assert {seen["one"], seen["two"]} == {"[3]", "[GPU-7]"}
    assert sorted(seen["both"].strip("[]").split(",")) == ["3", "GPU-7"]
    assert seen["none"] == "[]"
    assert seen["again"] in ("[3]", "[GPU-7]")


def test_no_more_jobs_run_at_once_than_there_is_room_for(opened, request_for, ends, tmp_path):
    (tmp_path / "running").mkdir()
    count = f"cd {tmp_path}/running; touch $$; ls | wc -l >> ../counts; sleep .3; rm $$"
    launcher = opened("local", cpus=2)
    launcher.submit([request_for(str(number), count) for number in range(5)])
    ends(launcher)
    assert max(map(int, (tmp_path / "counts").read_text().split())) <= 2


def test_what_this_machine_does_not_have_is_refused_at_once(opened, request_for):
    launcher = opened("local", gpus=("0",))
    with pytest.raises(SubmitError, match="run big asks for 2 GPUs, and 1 are here"):
        launcher.submit([request_for("small"), request_for("big", gpus=2)])
    with pytest.raises(SubmitError, match="asks for nodes=2, and this is one machine"):
        launcher.submit([request_for("wide", nodes=2)])
    assert launcher.jobs == []


def test_a_job_comes_after_others_however_they_ended(opened, request_for, ends, tmp_path):
    def tells(name):
        return f"echo {name} >> {tmp_path / 'order'}"

    launcher = opened("local", cpus=4)
    launcher.submit(
        [
            request_for("last", tells("last"), after=("first", "second")),
            request_for("first", f"sleep .3; {tells('first')}"),
            request_for("second", f"{tells('second')}; exit 3"),
        ]
    )
    assert ends(launcher)["last"].state is State.COMPLETED
    assert (tmp_path / "order").read_text().split()[-1] == "last"


def test_a_key_in_flight_is_not_submitted_again(opened, request_for, ends, tmp_path):
    launcher = opened("local")
    again = request_for("one", f"echo ran >> {tmp_path / 'runs'}; sleep .3")
    first = launcher.submit([again])
    assert launcher.submit([again, again]) == first * 2
    ends(launcher)
    assert (tmp_path / "runs").read_text() == "ran\n"


def test_a_cancelled_job_may_save_and_is_then_killed(opened, request_for, ends, tmp_path):
    saves = "trap 'echo saved; exit 1' TERM; echo ready; while :; do sleep .05; done"
    stays = "trap '' TERM; echo ready; while :; do sleep .05; done"
    requests = [request_for("saves", saves), request_for("stays", stays), request_for("waits")]
    launcher = opened("local", cpus=2, kill_seconds=1.0)
    jobs = launcher.submit(requests)
    wait_for(lambda: all(r.log.exists() and "ready" in r.log.read_text() for r in requests[:2]))
    launcher.cancel(jobs)
    found = ends(launcher)
    assert {key: update.reason for key, update in found.items()} == dict.fromkeys(found, Status.CANCELLED)
    assert "saved" in requests[0].log.read_text()
    assert found["waits"].detail == "before it was handed over"
    run = state(requests[1].note.parent)  # as tables show it
    assert (run.status, run.reason) == (Status.CANCELLED, found["stays"].detail)


def test_who_finds_its_folder_in_use_fails_with_its_own_words(opened, request_for, ends):
    launcher = opened("local")
    launcher.submit([request_for("one", "echo 'study: runs/one is in use by another process'; exit 75")])
    (update,) = ends(launcher).values()
    assert update.reason is Status.FAILED  # not cancelled: nobody did
    assert update.detail == "exit code 75: study: runs/one is in use by another process"


def test_a_cancelled_key_that_is_submitted_again_runs_when_the_first_has_ended(opened, request_for, ends, tmp_path):
    slow = request_for("key", "trap 'sleep .5; exit 1' TERM; echo ready; while :; do sleep .05; done")
    launcher = opened("local", cpus=2)
    jobs = launcher.submit([slow])
    wait_for(lambda: slow.log.exists() and "ready" in slow.log.read_text())
    launcher.cancel(jobs)
    launcher.submit([request_for("key")])
    assert ends(launcher)["key"].state is State.COMPLETED
    assert [update.reason for update in launcher.missed] == [Status.CANCELLED]


def test_two_launchers_do_not_share_a_folder(opened):
    opened("local")
    with pytest.raises(BusyError, match="another snakemake or study submit works with the jobs of"):
        opened("local")


SUBMITS = """
import os, sys, time
from pathlib import Path
from study.launch import Options, Request, open_launcher
folder = Path(sys.argv[1])
options = Options(cpus=2, survive=sys.argv[2] == "survive")
launcher = open_launcher("local", folder / "jobs", "a study", options)
shell = "trap 'echo told; sleep .5; exit 1' TERM; echo ready; while ! test -e go; do sleep .05; done; echo done"
launcher.submit([Request(key="job", name="run job", command=("bash", "-c", shell), log=folder / "logs/job.log")])
print("submitted", flush=True)
time.sleep(600)
"""


def submitter(folder, how):
    """A process that submits, and is killed as soon as its job runs; the log of the job."""
    log = folder / "logs/job.log"
    script = [sys.executable, "-c", SUBMITS, str(folder), how]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(script, cwd=folder, env=env) as process:
        wait_for(lambda: log.exists() and "ready" in log.read_text())
        process.kill()
    return log


def test_a_job_that_survives_is_picked_up_again(opened, request_for, ends, tmp_path):
    log = submitter(tmp_path, "survive")
    launcher = opened("local", survive=True)
    assert [job.key for job in launcher.jobs] == ["job"]
    (job,) = launcher.submit([request_for("job", "echo a second time")])
    assert job.id is not None
    (tmp_path / "go").touch()
    assert ends(launcher)["job"].state is State.COMPLETED
    assert log.read_text() == "ready\ndone\n"


def test_a_job_that_survived_can_be_cancelled(opened, ends, tmp_path):
    log = submitter(tmp_path, "survive")
    launcher = opened("local", survive=True)
    launcher.cancel(launcher.jobs)
    assert ends(launcher)["job"].reason is Status.CANCELLED
    assert "told" in log.read_text()


def test_a_job_that_does_not_survive_ends_with_the_process_that_submitted_it(opened, tmp_path):
    log = submitter(tmp_path, "die")
    wait_for(lambda: "told" in log.read_text())
    wait_for(lambda: list(tmp_path.glob("jobs/*/0.end.json")))
    launcher = opened("local")
    wait_for(lambda: launcher.poll() == [] and not launcher.active)


def test_a_job_that_ends_with_its_submitter_is_started_again_when_it_has_ended(opened, request_for, ends, tmp_path):
    log = submitter(tmp_path, "end")
    launcher = opened("local", cpus=2)
    launcher.submit([request_for("job", "echo a second time")])
    assert ends(launcher)["job"].state is State.COMPLETED
    assert log.read_text().splitlines()[-2:] == ["told", "a second time"]


def test_what_ended_while_nobody_looked_is_not_of_the_next_submission(opened, request_for, ends, tmp_path):
    submitter(tmp_path, "survive")
    (pid,) = [json.loads(path.read_text())["pid"] for path in tmp_path.glob("jobs/*/0.begin.json")]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
    launcher = opened("local")
    assert [(update.job.key, update.state) for update in launcher.missed] == [("job", State.FAILED)]
    assert "ended without a record" in launcher.missed[0].detail
    launcher.submit([request_for("job")])
    assert ends(launcher)["job"].state is State.COMPLETED
