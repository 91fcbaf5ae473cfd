"""Which jobs are under way, by what lies in the journal's folder alone."""

from study.launch.noted import noted
from tests.launch.test_local import wait_for


def keys(folder):
    return [one.job.key for one in noted(folder)]


def test_jobs_are_noted_until_their_wrappers_say_that_they_have_ended(opened, request_for, tmp_path):
    requests = [
        request_for("long", f"while [ ! -e {tmp_path}/go ]; do sleep .05; done"),
        request_for("short"),
        request_for("bad", "exit 3"),
    ]
    opened("local", cpus=3).submit(requests)  # nobody polls, so nobody is told of ends
    wait_for(lambda: keys(tmp_path / "jobs") == ["long"])
    (tmp_path / "go").touch()
    wait_for(lambda: keys(tmp_path / "jobs") == [])


def test_a_job_that_was_cancelled_before_it_began_is_noted_no_more(slurm, opened, request_for, tmp_path):
    launcher = opened("slurm")
    launcher.submit([request_for("one"), request_for("two")])
    assert keys(tmp_path / "jobs") == ["one", "two"]
    launcher.cancel([job for job in launcher.jobs if job.key == "one"])
    assert keys(tmp_path / "jobs") == ["two"]
