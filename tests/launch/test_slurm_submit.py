"""What Slurm is told, by what its programs were called with."""

import subprocess

import pytest

from study.errors import StorageError, SubmitError
from study.launch import State
from study.records import Status


def test_the_resources_of_a_job_are_options_of_its_script(slurm, opened, request_for):
    asked = {
        "gpus": 4, "nodes": 2, "tasks": 4, "cpus": 8, "mem_mb": 64000, "runtime": 90, "slurm_partition": "gpu",
        "slurm_account": "lab", "qos": "long", "constraint": "a100&ib", "gres": "disk:1",
        "extra": "--exclusive --reservation='my own'",
    }  # fmt: skip
    opened("slurm").submit([request_for("one", **asked)])
    options, command = slurm.script(1)
    own = {name: options.pop(name) for name in ("job-name", "output", "open-mode")}
    assert options == {
        "gpus-per-node": "2", "nodes": "2", "ntasks": "4", "ntasks-per-node": "2", "cpus-per-task": "8",
        "mem": "64000M", "time": "90",
        "partition": "gpu", "account": "lab", "qos": "long", "constraint": "'a100&ib'", "gres": "disk:1",
        "exclusive": "", "reservation": "'my own'", "requeue": "", "signal": "B:USR2@120",
    }  # fmt: skip
    assert own["job-name"].startswith("a_study-")
    assert own["output"].endswith("/0.out")
    assert command.startswith("exec ")
    assert " -m study.launch.inside " in command


def test_what_is_not_asked_for_is_left_to_slurm(slurm, opened, request_for):
    opened("slurm").submit([request_for("one")])
    options, _ = slurm.script(1)
    assert set(options) == {"job-name", "output", "open-mode", "nodes", "requeue", "signal"}


def test_gpus_of_each_task_are_passed_as_they_are(slurm, opened, request_for):
    opened("slurm").submit([request_for("one", gpus_per_task=2, tasks=2)])
    options, _ = slurm.script(1)
    assert (options["gpus-per-task"], options["ntasks"]) == ("2", "2")
    assert "gpus-per-node" not in options


def test_equal_resources_are_one_array_split_at_the_clusters_limit(slurm, opened, request_for):
    slurm.says("scontrol", "MaxArraySize            = 3\nMaxJobCount = 9\n")
    launcher = opened("slurm")
    jobs = launcher.submit([request_for(str(n), mem_mb=100 if n < 5 else 200) for n in range(7)])
    assert [job.id for job in jobs] == ["1_0", "1_1", "1_2", "2_0", "2_1", "3_0", "3_1"]
    assert [slurm.script(id)[0]["array"] for id in (1, 2, 3)] == ["0-2%3", "0-1%2", "0-1%2"]
    assert slurm.script(1)[0]["output"].endswith("/%a.out")


@pytest.mark.parametrize("size", ["MaxArraySize = 0\n", "MaxArraySize = 1\n", "nothing of the kind\n"])
def test_a_cluster_without_arrays_gets_single_jobs(slurm, opened, request_for, size):
    slurm.says("scontrol", size)
    jobs = opened("slurm").submit([request_for(str(n)) for n in range(3)])
    assert [job.id for job in jobs] == ["1", "2", "3"]


def test_slurms_variables_are_scrubbed_and_its_configuration_kept(slurm, opened, request_for, monkeypatch):
    told = {
        "SLURM_CONF": "/etc/there", "SLURM_JOB_ID": "7", "SLURM_MEM_PER_CPU": "1", "SBATCH_PARTITION": "wrong",
        "SLURMD_NODENAME": "n", "SRUN_CPUS_PER_TASK": "2", "SQUEUE_FORMAT": "%i", "CUDA_VISIBLE_DEVICES": "3",
        "MINE": "1",
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    launcher.poll()
    seen = slurm.env("sbatch")
    assert (seen["SLURM_CONF"], seen["MINE"]) == ("/etc/there", "1")
    assert not set(seen) & (set(told) - {"SLURM_CONF", "MINE"})
    assert not set(slurm.env("sacct")) & {"SLURM_JOB_ID", "SQUEUE_FORMAT"}


def test_devices_that_a_user_chose_outside_of_a_job_are_kept(slurm, opened, request_for, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    opened("slurm").submit([request_for("one")])
    assert slurm.env("sbatch")["CUDA_VISIBLE_DEVICES"] == "3"


def test_a_refusal_is_told_in_slurms_words_with_the_resource(slurm, opened, request_for):
    lines = ("invalid partition specified: gpux", "Batch job submission failed: Invalid partition name specified")
    slurm.says("sbatch", code=1, error="".join(f"sbatch: error: {line}\n" for line in lines))
    slurm.says("sinfo", "gpu\ncpu\ngpu\n")
    launcher = opened("slurm")
    request = request_for("one", slurm_partition="gpux", mem_mb=100)
    launcher.submit([request])
    (update,) = launcher.poll()
    assert (update.state, update.reason) == (State.FAILED, Status.FAILED)
    assert update.detail == (
        f"Slurm refuses: {lines[0]}; {lines[1]} (slurm_partition=gpux; did you mean gpu?; there are cpu, gpu);"
        " the job asks for mem_mb=100, slurm_partition=gpux"
    )
    assert "log: " not in update.message  # it was never started
    assert request.note.exists()
    assert not launcher.active
    assert not list((request.log.parents[1] / "jobs").glob("slurm-*"))


def test_more_jobs_than_a_user_may_have_are_handed_over_in_parts(slurm, opened, request_for, said):
    slurm.takes(jobs=5)
    launcher = opened("slurm", query_seconds=0.0)
    launcher.submit([request_for(f"job {n}") for n in range(12)])
    assert [slurm.array_size(id) for id in range(1, slurm.taken + 1)] == [3, 1, 1]
    assert len(launcher.jobs) == 12
    assert sum(job.id is not None for job in launcher.jobs) == 5
    assert ["MaxSubmitJobPerUserLimit" in words for words in said] == [True]
    before = len(slurm.calls("sbatch"))
    launcher.poll()
    assert len(slurm.calls("sbatch")) == before + 1  # one job is enough to see that there is no room
    slurm.takes(jobs=100)
    launcher.poll()
    assert all(job.id is not None for job in launcher.jobs)
    assert [slurm.array_size(id) for id in range(1, slurm.taken + 1)] == [3, 1, 1, 1, 2, 4]


@pytest.mark.parametrize(
    "words",
    [
        "Unable to contact slurm controller (connect failure)",
        "Job violates accounting/QOS policy: QOSMaxSubmitJobPerUserLimit",
        "Resource temporarily unavailable",
        "Batch job submission failed: Message send failure",
    ],
)
def test_what_slurm_does_not_take_now_is_submitted_later(slurm, opened, request_for, said, words):
    slurm.says("sbatch", code=1, error=f"sbatch: error: {words}\n")
    launcher = opened("slurm")
    (job,) = launcher.submit([request_for("one")])
    assert job.id is None
    assert launcher.poll() == launcher.poll() == []
    assert len(said) == 1
    assert words in said[0]
    slurm.says("sbatch")
    launcher.poll()
    assert [job.id for job in launcher.jobs] == ["1"]


def test_jobs_over_the_cap_are_held_back(slurm, opened, request_for, ends):
    launcher = opened("slurm", in_flight=2)
    launcher.submit([request_for(str(n)) for n in range(3)])
    assert [job.id for job in launcher.jobs] == ["1_0", "1_1", None]
    launcher.poll()
    assert len(slurm.calls("sbatch")) == 1
    slurm.run(1, 0)
    launcher.poll()
    assert [job.id for job in launcher.jobs] == ["1_1", "2"]


def test_a_job_after_others_is_given_their_ids(slurm, opened, request_for):
    launcher = opened("slurm")
    launcher.submit([request_for("a"), request_for("b"), request_for("c", mem_mb=1)])
    launcher.submit([request_for("last", after=("a", "b", "c")), request_for("some", after=("a",))])
    assert slurm.script(3)[0]["dependency"] == "afterany:1:2"
    assert slurm.script(4)[0]["dependency"] == "afterany:1_0"


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("--partition=x", "--partition is said by the resource slurm_partition"),
        ("--array=1-3", "--array is the launcher's to set"),
        ("--Bad=x", "no option of sbatch looks like this"),
    ],
)
def test_options_that_are_not_the_users_are_refused(slurm, opened, request_for, extra, words):
    with pytest.raises(SubmitError, match=words):
        opened("slurm").submit([request_for("one", extra=extra)])
    assert slurm.calls("sbatch") == []


def test_a_machine_without_slurm_says_so(opened, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SubmitError, match="no Slurm here"):
        opened("slurm")


def test_slurms_programs_without_a_cluster_say_so_at_once(slurm, opened):
    lines = ("error: fetch_config: DNS SRV lookup failed", "fatal: Could not establish a configuration source")
    slurm.says("scontrol", code=1, error="".join(f"scontrol: {line}\n" for line in lines))
    with pytest.raises(
        SubmitError, match=r"know of no cluster: Could not establish a .*; without a cluster try --launcher local"
    ):
        opened("slurm")


def test_a_full_disk_submits_nothing_and_loses_nothing(slurm, opened, request_for, full_disk):
    launcher = opened("slurm")
    with full_disk(), pytest.raises(StorageError, match=r"cannot write .*batch\.json: the disk is full"):
        launcher.submit([request_for("one")])
    assert slurm.calls("sbatch") == []
    launcher.poll()
    assert [job.id for job in launcher.jobs] == ["1"]


def test_a_disk_that_is_full_after_the_submission_is_told_and_tried_again(slurm, opened, request_for, full_disk, said):
    launcher = opened("slurm")
    with full_disk("state.json"):
        launcher.submit([request_for("one")])
        launcher.poll()
    assert len(said) == 1
    assert "the disk is full" in said[0]
    launcher.poll()
    launcher.close()
    assert [job.id for job in opened("slurm").jobs] == ["1"]


def test_a_controller_that_is_away_is_waited_for(slurm, opened, request_for, said):
    slurm.says("scontrol", code=1, error="slurm_load_ctl_conf error: Unable to contact slurm controller\n")
    launcher = opened("slurm")
    launcher.submit([request_for("one")])
    assert [job.id for job in launcher.jobs] == [None]
    assert "tried again later: slurm_load_ctl_conf error: Unable to contact slurm controller" in said[0]
    slurm.says("scontrol", "MaxArraySize = 1001\n")
    launcher.poll()
    assert [job.id for job in launcher.jobs] == ["1"]


def test_a_reply_without_an_id_is_followed_up(slurm, opened, request_for, said):
    (slurm.folder / "bin/sbatch").write_text("#!/bin/sh\necho welcome\n")
    launcher = opened("slurm")
    launcher.submit([request_for("one"), request_for("last", after=("one",), mem_mb=1)])
    assert [job.id for job in launcher.jobs] == [None, None]
    assert "Slurm did not say whether it took" in said[0]
    launcher.poll()
    assert "which others come after, is not known yet" in said[1]
    slurm.says("squeue", "41\n")
    launcher.poll()
    assert launcher.jobs[0].id == "41"


@pytest.mark.parametrize(
    "words",
    [
        "Socket timed out on send/recv operation",
        "Zero Bytes were transmitted or received",
        "Unable to contact slurm controller (receive failure)",
    ],
)
def test_what_slurm_never_took_is_handed_over_again(slurm, opened, request_for, said, words):
    sbatch = slurm.folder / "bin/sbatch"
    before = sbatch.read_text()
    sbatch.write_text(f"#!/bin/sh\necho 'sbatch: error: Batch job submission failed: {words}' >&2; exit 1\n")
    launcher = opened("slurm", lag_seconds=0.0)
    launcher.submit([request_for("one")])
    sbatch.write_text(before)
    launcher.poll()
    assert [job.id for job in launcher.jobs] == ["1"]
    assert "Slurm did not say whether it took" in said[0]


def test_a_batch_that_is_cut_short_by_ctrl_c_is_cancelled_by_its_label(slurm, opened, request_for, monkeypatch):
    launcher = opened("slurm")
    launcher.submit([request_for("first")])
    run = subprocess.run

    def interrupted(command, *args, **options):
        done = run(command, *args, **options)
        if command[0] == "sbatch":
            raise KeyboardInterrupt
        return done

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            launcher.submit([request_for("second")])
    launcher.cancel(launcher.jobs)
    label = slurm.script(2)[0]["job-name"]
    assert slurm.calls("scancel") == ["1", f"--name={label}"]


def test_a_launcher_is_a_context(slurm, opened, request_for):
    with opened("slurm") as launcher:
        launcher.submit([request_for("one")])
    with opened("slurm") as again:
        assert [job.id for job in again.jobs] == ["1"]
