"""What Slurm itself does, without this project: the facts that the launcher rests on."""

import pytest

from tests.slurm import jobs
from tests.slurm.cluster import ClusterError, wait_for

pytestmark = pytest.mark.slurm

LONG = "sleep 600"


@pytest.fixture(scope="module")
def ended(accounted_cluster, tmp_path_factory):
    """Ids by name of jobs that ended, each in its own way; their folder."""
    cluster, folder = accounted_cluster, tmp_path_factory.mktemp("ended")
    ids = {
        "completed": jobs.submit(cluster, folder, "echo $SLURM_CONF"),
        "array": jobs.submit(cluster, folder, "touch $SLURM_ARRAY_TASK_ID", "--array", "0-2"),
        "failed": jobs.submit(cluster, folder, "exit 3"),
        "memory": jobs.submit(cluster, folder, jobs.HOG, "--mem", "50"),
        "time": jobs.submit(cluster, folder, LONG),
        "cancelled": jobs.submit(cluster, folder, LONG),
    }
    for name in ("time", "cancelled"):
        jobs.wait_for_state(cluster, ids[name], "RUNNING")
    jobs.end_time_limit(cluster, ids["time"])
    cluster.run("scancel", ids["cancelled"])
    cluster.wait_until_idle()
    return ids, folder


STATES = {"completed": "COMPLETED", "failed": "FAILED", "memory": "FAILED", "time": "TIMEOUT", "cancelled": "CANCELLED"}


@pytest.mark.parametrize("name", STATES)
def test_the_queue_and_the_accounts_agree_on_how_a_job_ended(accounted_cluster, ended, name):
    job = ended[0][name]
    assert jobs.queue(accounted_cluster)[job] == STATES[name]
    # the accounts lag by seconds
    wait_for(lambda: jobs.accounted(accounted_cluster).get(job) == STATES[name], "the accounts")


def test_each_task_of_an_array_is_a_job(accounted_cluster, ended):
    ids, folder = ended
    assert {path.name for path in folder.glob("?")} == {"0", "1", "2"}
    assert [jobs.queue(accounted_cluster)[f"{ids['array']}_{index}"] for index in range(3)] == ["COMPLETED"] * 3


def test_only_the_log_tells_that_memory_ended_a_job(ended):
    ids, folder = ended
    assert "exceeded memory limit" in (folder / f"{ids['memory']}.log").read_text()
    assert "DUE TO TIME LIMIT" in (folder / f"{ids['time']}.log").read_text()


REFUSED = {
    ("--partition", "nope"): "Invalid partition name specified",
    ("--gres", "gpu:3"): "Requested node configuration is not available",
    ("--mem", "100000"): "Memory specification can not be satisfied",
    ("--constraint", "nope"): "Invalid feature specification",
    ("--account", "nope"): "Invalid account or account/partition combination specified",
    ("--qos", "nope"): "Invalid qos specification",
    ("--array", "0-2000"): "Invalid job array specification",
}


@pytest.mark.parametrize("options", REFUSED, ids=" ".join)
def test_what_cannot_be_is_refused_at_submission(slurm, tmp_path, options):
    with pytest.raises(ClusterError, match=REFUSED[options]):
        jobs.submit(slurm, tmp_path, LONG, *options)


@pytest.mark.parametrize("options", [("--nodes", "3"), ("--time", "10-0")], ids=" ".join)
def test_what_a_partition_does_not_give_is_accepted_and_never_starts(slurm, tmp_path, options):
    job = jobs.submit(slurm, tmp_path, LONG, *options)
    reason = ("squeue", "--noheader", "--jobs", job, "--format", "%T %r")
    wait_for(lambda: slurm.run(*reason).startswith("PENDING Partition"), "PartitionConfig or another reason")


def test_two_jobs_of_a_node_see_a_gpu_each(slurm, tmp_path):
    command = f"echo $CUDA_VISIBLE_DEVICES > $SLURM_JOB_ID.gpu; {LONG}"
    ids = [jobs.submit(slurm, tmp_path, command, "--gres", "gpu:1", "--nodelist", "n1") for _ in range(2)]
    files = [tmp_path / f"{job}.gpu" for job in ids]
    wait_for(lambda: all(file.exists() and file.read_text() for file in files), "both to start")
    assert sorted(file.read_text() for file in files) == ["0\n", "1\n"]


def test_a_preempted_job_is_told_requeued_and_started_again(slurm, tmp_path):
    told = "trap 'echo told >> signals' USR2; touch started.$SLURM_RESTART_COUNT; while :; do sleep 0.2; done"
    job = jobs.submit(slurm, tmp_path, told, "--nodes", "2", "--exclusive", "--signal", "B:USR2@30", "--requeue")
    wait_for((tmp_path / "started.").exists, "the low job")
    urgent = jobs.submit(slurm, tmp_path, LONG, "--partition", "high", "--nodes", "2", "--exclusive")
    wait_for((tmp_path / "signals").exists, "the signal")
    jobs.wait_for_state(slurm, urgent, "RUNNING")
    slurm.run("scancel", urgent)
    wait_for((tmp_path / "started.1").exists, "the second start")
    assert jobs.queue(slurm)[job] == "RUNNING"


def test_a_job_outlives_a_restart_of_slurmctld(slurm, tmp_path):
    job = jobs.submit(slurm, tmp_path, "touch started; while [ ! -e go ]; do sleep 0.1; done; touch ended")
    wait_for((tmp_path / "started").exists, "its start")
    slurm.stop("slurmctld")
    (tmp_path / "go").touch()
    wait_for((tmp_path / "ended").exists, "its end")
    slurm.start("slurmctld")
    jobs.wait_for_state(slurm, job, "COMPLETED")


def test_without_accounting_only_the_queue_answers(slurm_without_accounting, tmp_path):
    cluster = slurm_without_accounting
    job = jobs.submit(cluster, tmp_path, "true")
    jobs.wait_for_state(cluster, job, "COMPLETED")
    with pytest.raises(ClusterError, match="accounting storage is disabled"):
        jobs.accounted(cluster)
