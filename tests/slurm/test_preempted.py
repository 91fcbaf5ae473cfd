"""Jobs that Slurm itself interrupts: by a job of a higher partition, by a node that fails."""

from pathlib import Path

import pytest

from study import io
from tests.slurm import jobs
from tests.slurm.launching import Watch, goes_on, saving, shell

pytestmark = pytest.mark.slurm


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["slurm", "slurm_without_accounting"])
def test_a_preempted_job_saves_and_goes_on(request, tmp_path, name):
    """With the user's signal first, as the one Slurm is set up, and with none but those that end a job."""
    cluster = request.getfixturevalue(name)
    low = saving(tmp_path, "low", nodes=2, runtime=9, extra="--exclusive")
    with Watch(tmp_path, signal_seconds=1) as watch:
        watch.launcher.submit([low])
        watch.until(lambda: low.log.exists() and "from 0" in low.log.read_text())
        jobs.submit(cluster, tmp_path, "sleep 1", "--partition", "high", "--nodes", "2", "--exclusive")
        watch.until(lambda: goes_on(low.log))
        (tmp_path / "go").touch()
        watch.until_all_ended()
    assert "interrupted" in watch.states("low")
    assert watch.states("low")[-1] == "completed"


def test_a_job_goes_on_elsewhere_when_its_node_is_gone_and_its_ghost_is_not_heard(slurm, tmp_path):
    """The node's daemon is dead, and what it had started runs on unseen."""
    waits = "echo $SLURMD_NODENAME; while [ ! -e $SLURMD_NODENAME.go ]; do sleep 0.1; done; [ $SLURMD_NODENAME = n2 ]"
    job = shell(tmp_path, "moved", waits, runtime=9)
    with Watch(tmp_path, signal_seconds=1, file_seconds=0) as watch:
        watch.launcher.submit([job])
        watch.until(lambda: job.log.exists() and job.log.read_text() == "n1\n")
        (began,) = (tmp_path / "jobs").glob("*/0.begin.json")
        ghost = io.read_json(began)["pid"]
        slurm.stop("n1")
        slurm.run("scontrol", "update", "NodeName=n1", "State=DOWN", "Reason=test")
        watch.until(lambda: job.log.read_text() == "n1\nn2\n")
        (tmp_path / "n1.go").touch()
        watch.until(lambda: not Path(f"/proc/{ghost}").exists())
        (tmp_path / "n2.go").touch()
        watch.until_all_ended()
    assert watch.states("moved")[-1] == "completed"
