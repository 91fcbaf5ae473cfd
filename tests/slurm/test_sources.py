"""What tells how jobs stand may be away for a while: that is a warning, and no job is lost or taken for failed."""

import pytest

from tests.slurm.cluster import ClusterError
from tests.slurm.launching import WAITS, Watch, shell

pytestmark = pytest.mark.slurm

LAG = 3.0  # seconds


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["slurm", "slurm_without_accounting"])
def test_slurmctld_restarts_while_jobs_run_and_wait(request, tmp_path, name):
    slurm = request.getfixturevalue(name)
    with Watch(tmp_path, lag_seconds=LAG, file_seconds=LAG) as watch:
        run = [shell(tmp_path, key, WAITS) for key in "ab"]
        watch.launcher.submit(run)
        watch.until_begun(*run)
        watch.launcher.submit([shell(tmp_path, "waits", "echo ran", nodes=2, extra="--exclusive")])
        slurm.stop("slurmctld")
        with pytest.raises(ClusterError, match="Unable to contact slurm controller"):
            slurm.run("squeue")
        watch.poll_for(3 * LAG)
        assert not {"failed", "completed"} & {update.state for update in watch.told}
        slurm.start("slurmctld")
        (tmp_path / "go").touch()
        watch.until_all_ended()
    assert [watch.states(key)[-1] for key in ("a", "b", "waits")] == ["completed"] * 3
    assert len(watch.said) == len(set(watch.said))


def test_a_job_that_ends_while_slurmctld_is_away_is_told_from_its_own_record(slurm, tmp_path):
    with Watch(tmp_path) as watch:
        good, bad = shell(tmp_path, "good", WAITS), shell(tmp_path, "bad", f"{WAITS}; exit 3")
        watch.launcher.submit([good, bad])
        watch.until_begun(good, bad)
        slurm.stop("slurmctld")
        (tmp_path / "go").touch()
        watch.until_all_ended()
        slurm.start("slurmctld")
    assert watch.states("good")[-1] == "completed"
    assert watch.last("bad").reason == "failed"


def test_what_is_submitted_while_slurmctld_is_away_is_handed_over_when_it_is_back(slurm, tmp_path):
    slurm.stop("slurmctld")
    with Watch(tmp_path) as watch:
        watch.launcher.submit([shell(tmp_path, "late", "echo ran")])
        watch.until(lambda: watch.said)
        slurm.start("slurmctld")
        watch.until_all_ended()
    assert watch.states("late")[-1] == "completed"
    assert (tmp_path / "late.log").read_text() == "ran\n"


def test_the_accounts_are_away_for_a_while(slurm, tmp_path):
    with Watch(tmp_path) as watch:
        good, killed = shell(tmp_path, "good", WAITS), shell(tmp_path, "killed", "echo begun; sleep 600")
        watch.launcher.submit([good, killed])
        watch.until_begun(good, killed)
        slurm.stop("slurmdbd")
        slurm.run("scancel", watch.last("killed").job.id)
        watch.until(lambda: "failed" in watch.states("killed"))
        slurm.start("slurmdbd")
        (tmp_path / "go").touch()
        watch.until_all_ended()
    assert watch.last("killed").reason == "cancelled"
    assert watch.states("good")[-1] == "completed"
