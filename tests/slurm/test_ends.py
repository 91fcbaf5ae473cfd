"""How a job ended is told with its reason, its id and the end of its log, with and without accounting."""

from types import SimpleNamespace

import pytest

from study import io
from study.launch.noted import noted
from tests.slurm import jobs
from tests.slurm.conftest import used
from tests.slurm.launching import Watch, goes_on, saving, shell

pytestmark = pytest.mark.slurm

HOG = jobs.HOG.replace("200_000_000", "500_000_000")


def requests(folder):
    return [
        shell(folder, "good", "echo good"),
        shell(folder, "failing", "echo 'ValueError: oh' >&2; exit 3"),
        shell(folder, "memory", HOG),
        shell(folder, "limit", "echo begun; sleep 600"),
        shell(folder, "cancelled", "sleep 600"),
        shell(folder, "elsewhere", "sleep 600"),
        shell(folder, "nowhere", "exec /nowhere"),
        shell(folder, "after", "cat failing.log", after=("failing", "memory", "cancelled")),
        saving(folder, "saved", slurm_partition="short", runtime=600),  # its limit is two minutes
    ]


@pytest.fixture(scope="module", params=["accounted_cluster", "plain_cluster"])
def ended(request, tmp_path_factory):
    """What was told of jobs that each ended in a way of their own."""
    folder = tmp_path_factory.mktemp("ends")
    with pytest.MonkeyPatch.context() as patch, used(request.getfixturevalue(request.param)) as cluster:
        patch.chdir(folder)
        with Watch(folder) as watch:
            ids = {job.key: job.id for job in watch.launcher.submit(requests(folder))}
            watch.until(lambda: all("running" in watch.states(key) for key in ("limit", "cancelled", "elsewhere")))
            jobs.end_time_limit(cluster, ids["limit"])
            watch.launcher.cancel([job for job in watch.launcher.jobs if job.key == "cancelled"])
            cluster.run("scancel", ids["elsewhere"])
            watch.until(lambda: goes_on(folder / "saved.log"))
            restarts = {one.job.key: one.restarts for one in noted(folder / "jobs")}
            (folder / "go").touch()
            watch.until_all_ended()
        accounted = request.param == "accounted_cluster"
        yield SimpleNamespace(folder=folder, ids=ids, watch=watch, accounted=accounted, restarts=restarts)


REASONS = {
    "failing": ("failed", "ValueError: oh"),
    "memory": ("out_of_memory", "exceeded memory limit"),
    "limit": ("timeout", "DUE TO TIME LIMIT"),
    "cancelled": ("cancelled", "CANCELLED"),
    "elsewhere": ("cancelled", "CANCELLED"),
    "nowhere": ("failed", "/nowhere: No such file or directory"),
}


@pytest.mark.parametrize("key", REASONS)
def test_a_failed_job_has_its_reason_its_id_and_its_log(ended, key):
    update, (reason, words) = ended.watch.last(key), REASONS[key]
    assert (update.state, update.reason) == ("failed", reason)
    assert words in update.log_end
    assert f"(job {ended.ids[key]}): {reason.replace('_', ' ')}" in update.message
    assert str(ended.folder / f"{key}.log") in update.message
    assert io.read_json(ended.folder / f"{key}.failure.json")["status"] == reason


def test_a_good_job_is_told_as_such(ended):
    assert ended.watch.states("good")[-1] == "completed"
    assert (ended.folder / "good.log").read_text() == "good\n"


def test_a_job_after_others_starts_however_they_ended(ended):
    assert ended.watch.states("after")[-1] == "completed"
    assert "ValueError: oh" in (ended.folder / "after.log").read_text()


def test_a_job_that_is_longer_than_its_partition_lets_it_be_goes_on_under_the_same_id(ended):
    states = ended.watch.states("saved")
    assert "interrupted" in states
    assert "failed" not in states
    assert states[-1] == "completed"
    assert ended.watch.last("saved").job.id == ended.ids["saved"]
    assert ended.restarts["saved"] == 1
    details = [update.detail for update in ended.watch.told if update.state == "interrupted"]
    assert "it saved at its time limit, runtime=2, and goes on in a new attempt" in details


def test_only_missing_accounts_and_long_jobs_are_spoken_of_and_once(ended):
    clipped = (
        "jobs of more than 2 minutes, the most in partition short, save at that limit and go on in a new attempt:"
        " saved asks for 600"
    )
    without = "sacct: Slurm accounting storage is disabled; squeue is asked instead"
    assert ended.watch.said == ([clipped] if ended.accounted else [clipped, without])
