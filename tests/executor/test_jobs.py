"""Jobs of one Snakemake that ended before the next had opened its launcher."""

import sys
import time

import pytest

from snakemake_executor_plugin_submitit.jobs import Jobs
from snakemake_executor_plugin_submitit.request import made_since
from study.launch import Options, Request, State, open_launcher


@pytest.fixture
def opened(tmp_path):
    return lambda: open_launcher("local", tmp_path / "jobs", "a study", Options(cpus=2), print)


def request(tmp_path, key, script):
    return Request(key=key, name=key, command=(sys.executable, "-c", script), log=tmp_path / f"{key}.log")


def test_what_was_done_meanwhile_is_at_its_end_once_and_what_failed_is_not(opened, tmp_path):
    good, bad = request(tmp_path, "good", ""), request(tmp_path, "bad", "1 / 0")
    with opened() as first:
        first.submit([good, bad])
        end = time.monotonic() + 600
        while len(list(tmp_path.glob("jobs/*/0.end.json"))) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
    with opened() as second:
        jobs = Jobs(second, print)
        found = jobs.done_before(good)
        assert found.key == "good"
        assert jobs.take_end("good").state is State.COMPLETED
        assert jobs.done_before(good) is None
        assert jobs.done_before(bad) is None


class Made:
    def __init__(self, *output):
        self.output = output


def test_files_of_before_are_no_reason_to_leave_a_job_out(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    time.sleep(0.05)
    began = time.time()
    time.sleep(0.05)
    new.touch()
    assert made_since(Made(new), began)
    assert not any(made_since(Made(*files), began) for files in ([], [new, old], [new, tmp_path / "absent"]))
