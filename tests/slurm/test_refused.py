"""What cannot be given is told at submission in Slurm's words; other jobs go on."""

import pytest

from tests.slurm.launching import Watch, shell

pytestmark = pytest.mark.slurm


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


REFUSED = {
    "partition": ({"slurm_partition": "nope"}, "Invalid partition name specified"),
    "account": ({"slurm_account": "nope"}, "Invalid account or account/partition combination specified"),
    "qos": ({"qos": "nope"}, "Invalid qos specification"),
    "constraint": ({"constraint": "nope"}, "Invalid feature specification"),
    "memory": ({"mem_mb": 100_000}, "Memory specification can not be satisfied"),
    "gpus": ({"gpus": 3}, "Requested node configuration is not available"),
    "gres": ({"gres": "tpu:1"}, "Invalid generic resource (gres) specification"),
    "option": ({"extra": "--nope=1"}, "unrecognized option '--nope=1'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_job_that_can_never_run_is_told_and_others_run(slurm, tmp_path, name):
    resources, words = REFUSED[name]
    with Watch(tmp_path) as watch:
        watch.launcher.submit([shell(tmp_path, "wrong", "true", **resources), shell(tmp_path, "good", "true")])
        watch.until_all_ended()
    update = watch.last("wrong")
    assert (update.state, update.reason, update.job.id) == ("failed", "failed", None)
    assert words in update.message
    assert watch.states("good")[-1] == "completed"


def test_a_job_that_slurm_took_and_will_not_start_is_told(slurm, tmp_path):
    with Watch(tmp_path) as watch:
        watch.launcher.submit([shell(tmp_path, "never", "true", nodes=3)])
        watch.until(lambda: watch.told and "cannot start it" in (watch.last("never").detail or ""))
        watch.launcher.cancel(watch.launcher.jobs)
        watch.until_all_ended()
    assert watch.last("never").reason == "cancelled"


def test_the_environment_of_the_submitting_job_does_not_leak(slurm, tmp_path, monkeypatch):
    for name, value in {
        "SBATCH_PARTITION": "nope",
        "SLURM_JOB_ID": "7",
        "SLURM_MEM_PER_NODE": "7",
        "KEPT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    job = shell(tmp_path, "job", "echo $SBATCH_PARTITION $SLURM_JOB_ID $SLURM_MEM_PER_NODE $KEPT $SLURM_CONF")
    with Watch(tmp_path) as watch:
        (submitted,) = watch.launcher.submit([job])
        watch.until_all_ended()
    assert job.log.read_text().split() == [submitted.id, "200", "1", f"{slurm.folder}/slurm.conf"]


def test_equal_requests_are_arrays_no_larger_than_may_be(slurm_without_accounting, tmp_path):
    with Watch(tmp_path) as watch:
        given = [shell(tmp_path, str(key), f"echo {key}") for key in range(7)]
        ids = [job.id.split("_")[0] for job in watch.launcher.submit(given)]
        watch.until_all_ended()
    assert [ids.count(one) for one in dict.fromkeys(ids)] == [4, 3]  # MaxArraySize is 4
    assert [request.log.read_text() for request in given] == [f"{key}\n" for key in range(7)]


def test_no_more_are_in_flight_than_allowed(slurm, tmp_path):
    with Watch(tmp_path, in_flight=2) as watch:
        submitted = watch.launcher.submit([shell(tmp_path, str(key), "sleep 1") for key in range(5)])
        assert [job.id is not None for job in submitted] == [True, True, False, False, False]
        most = 0
        while watch.launcher.active:
            watch.told += watch.launcher.poll()
            most = max(most, sum(job.id is not None for job in watch.launcher.jobs))
    assert most == 2
    assert [watch.states(str(key))[-1] for key in range(5)] == ["completed"] * 5


def test_gpus_are_seen_by_the_command(slurm, tmp_path):
    with Watch(tmp_path) as watch:
        given = {
            "gpus": {"gpus": 2},
            "gpus_per_task": {"gpus_per_task": 1, "tasks": 2},
            "gres": {"gres": "gpu:1"},
            "none": {},
        }
        script = "echo ${CUDA_VISIBLE_DEVICES-none}"
        requests = [shell(tmp_path, key, script, **resources) for key, resources in given.items()]
        watch.launcher.submit(requests)
        watch.until_all_ended()
    seen = {request.key: len(request.log.read_text().strip().split(",")) for request in requests}
    assert seen == {"gpus": 2, "gpus_per_task": 2, "gres": 1, "none": 1}
