"""What submitit does on the test Slurm: the parts of it that the launcher uses."""

import os
import time

import pytest
import submitit

from tests.slurm import jobs
from tests.slurm.cluster import wait_for

pytestmark = pytest.mark.slurm


@pytest.fixture
def executor(tmp_path):
    made = submitit.SlurmExecutor(tmp_path / "jobs")
    made.update_parameters(partition="low", time=2, mem="200MB", nodes=1, ntasks_per_node=1, use_srun=False)
    return made


def where(index):
    return index, os.environ["SLURM_JOB_ID"], os.environ["SLURMD_NODENAME"]


def hold(size):
    held = bytearray(size)
    time.sleep(600)  # Slurm looks once a second
    return len(held)


def test_an_array_gives_each_result_to_its_job(slurm, executor):
    found = executor.map_array(where, range(4))
    jobs.wait_for_all(slurm, [job.job_id for job in found])
    assert [job.result()[0] for job in found] == [0, 1, 2, 3]
    assert len({job.result()[1] for job in found}) == 4
    assert {job.job_id.split("_")[0] for job in found} == {found[0].job_id.split("_")[0]}


def test_a_killed_job_leaves_no_result_and_says_why_in_its_log(slurm, executor):
    executor.update_parameters(mem="80MB")
    job = executor.submit(hold, 300_000_000)
    jobs.wait_for_all(slurm, [job.job_id])
    assert not job.paths.result_pickle.exists()
    assert "exceeded memory limit" in job.stderr()


def test_an_exception_is_in_the_result_with_its_traceback(slurm, executor):
    job = executor.submit(int, "no number")
    wait_for(job.paths.result_pickle.exists, "the result")
    with pytest.raises(submitit.core.utils.FailedJobError, match="invalid literal for int"):
        job.result()
