"""The test Slurm itself: two side by side, and nothing left when one is killed or does not start."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.slurm import jobs, keeper
from tests.slurm.cluster import ClusterError, missing, started, wait_for

pytestmark = pytest.mark.slurm

KILLED = """
import time
from tests.slurm.cluster import started
from tests.slurm.jobs import queue, submit, wait_for_state
with started() as cluster:
    job = submit(cluster, cluster.folder / "job", "sleep 600")
    wait_for_state(cluster, job, "RUNNING")
    print(cluster.folder, flush=True)
    time.sleep(600)
"""


def test_two_run_side_by_side(slurm, slurm_without_accounting, tmp_path):
    for cluster in (slurm, slurm_without_accounting):
        job = jobs.submit(cluster, tmp_path, "echo $SLURM_CONF > conf")
        jobs.wait_for_state(cluster, job, "COMPLETED")
        assert (tmp_path / "conf").read_text() == f"{cluster.folder}/slurm.conf\n"


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_killed_test_run_leaves_no_process_and_no_file():
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as run:
        folder = Path(run.stdout.readline().strip())
        assert len(keeper.processes(str(folder))) > 5
        run.send_signal(signal.SIGKILL)
    wait_for(lambda: not folder.exists(), "the keeper")
    wait_for(lambda: not keeper.processes(str(folder)), "the keeper's end")


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_slurm_that_does_not_start_shows_the_end_of_its_log():
    with (
        pytest.raises(ClusterError, match=r"slurmctld did not start:(?s:.*)select/nope"),
        started(extra={"SelectType": "select/nope"}),
    ):
        pass
