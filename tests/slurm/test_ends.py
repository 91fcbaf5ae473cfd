"""How a job ended is told with its reason, its id and the end of its log, with and without accounting."""

from types import SimpleNamespace

import pytest

from study import io
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
        saving(folder, "saved"),
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
            (folder / "go").touch()
            watch.until_all_ended()
        yield SimpleNamespace(folder=folder, ids=ids, watch=watch, accounted=request.param == "accounted_cluster")


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


def test_a_job_that_saves_at_the_warning_goes_on_under_the_same_id(ended):
    assert "interrupted" in ended.watch.states("saved")
    assert ended.watch.states("saved")[-1] == "completed"
    assert ended.watch.last("saved").job.id == ended.ids["saved"]


def test_only_missing_accounts_are_complained_of_and_once(ended):
    without = "sacct: Slurm accounting storage is disabled; squeue is asked instead"
    assert ended.watch.said == ([] if ended.accounted else [without])
