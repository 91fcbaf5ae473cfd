"""The executor with jobs that are processes of this machine: restarts, Ctrl-C, failures, groups, names."""

import signal

import pytest

from tests.executor import toy

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    toy.write(tmp_path)
    return tmp_path


def test_a_failed_job_is_told_with_its_reason_and_its_log_and_stops_no_other(folder):
    code, said = toy.snakemake(folder, "--config", "words=one,bad", "--keep-incomplete")
    assert code == 1
    assert (folder / "one/made.txt").exists()
    assert "no such luck" in said
    assert f"log: {folder}/.snakemake/submitit/logs/groupjobs/group_bad_begin_make/" in said
    assert toy.note(folder, "bad")["status"] == "failed"
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["slurm_partiton", "gpu_count"])
def test_a_wrong_resource_is_told_before_anything_is_submitted(folder, name):
    code, said = toy.snakemake(folder, "--set-resources", f"make:{name}=1")
    assert code == 1
    assert f"unknown resource of --set-resources make {name!r}" in said or f"of rule make {name!r}" in said
    assert ("did you mean slurm_partition" in said) == (name == "slurm_partiton")
    assert not (folder / "one").exists()
    assert "Traceback" not in said


@pytest.mark.parametrize(("flag", "value"), [("--set-resources", "mkae:mem_mb=9"), ("--set-threads", "mkae=2")])
def test_a_rule_that_is_not_there_is_told_before_anything_is_submitted(folder, flag, value):
    code, said = toy.snakemake(folder, flag, value)
    assert code == 1
    assert f"unknown rule of {flag} 'mkae'; did you mean make" in said
    assert not (folder / "one").exists()


def test_a_name_that_snakemake_has_a_limit_for_is_its_own(folder):
    toy.write(folder, toy.SNAKEFILE.replace("mem_mb=50", "mem_mb=50, downloads=1"))
    code, said = toy.snakemake(folder, "--resources", "downloads=1")
    assert code == 0, said


def test_killed_and_started_again_what_runs_is_picked_up(folder):
    asked = ("--config", "words=wait,one", "--submitit-leave-running")
    with toy.running(folder, *asked) as first:
        toy.wait_for(lambda: toy.starts(folder, "wait") and (folder / "one/made.txt").exists(), "a start")
        first.kill()
    assert not toy.no_job_runs(folder)
    assert toy.snakemake(folder, *asked, "--unlock")[0] == 0
    with toy.running(folder, *asked) as second:
        toy.wait_for(lambda: "jobs that were submitted earlier still run" in said(folder), "the second's word")
        (folder / "go").touch()
        assert second.wait(toy.PATIENCE) == 0, said(folder)
    assert (toy.starts(folder, "wait"), toy.starts(folder, "one")) == (1, 1)


ENDS_LATE = """
onstart:
    shell("touch go; while [ ! -e wait/made.txt ]; do sleep 0.1; done; sleep 1")
"""


def test_a_job_that_ends_while_the_next_snakemake_starts_is_not_submitted_again(folder):
    asked = ("--config", "words=wait", "--submitit-leave-running")
    with toy.running(folder, *asked) as first:
        toy.wait_for(lambda: toy.starts(folder, "wait"), "a start")
        first.kill()
    assert toy.snakemake(folder, *asked, "--unlock")[0] == 0
    toy.write(folder, toy.SNAKEFILE + ENDS_LATE)
    code, told = toy.snakemake(folder, *asked)
    assert code == 0, told
    assert toy.starts(folder, "wait") == 1, told


def test_killed_without_leave_its_jobs_end_and_the_next_starts_them_again(folder):
    asked = ("--config", "words=wait,one")
    with toy.running(folder, *asked) as first:
        toy.wait_for(lambda: toy.starts(folder, "wait") and (folder / "one/made.txt").exists(), "a start")
        first.kill()
    assert toy.snakemake(folder, *asked, "--unlock")[0] == 0
    with toy.running(folder, *asked) as second:
        toy.wait_for(lambda: toy.starts(folder, "wait") == 2, "another start")
        (folder / "go").touch()
        assert second.wait(toy.PATIENCE) == 0, said(folder)
    assert toy.starts(folder, "one") == 1


def test_ctrl_c_cancels(folder):
    with toy.running(folder, "--config", "words=wait") as process:
        toy.wait_for(lambda: toy.starts(folder, "wait"), "a start")
        process.send_signal(signal.SIGINT)
        assert process.wait(toy.PATIENCE) != 0
    assert toy.no_job_runs(folder)


def test_ctrl_c_leaves_jobs_when_told_so(folder):
    asked = ("--config", "words=wait", "--submitit-leave-running")
    with toy.running(folder, *asked) as process:
        toy.wait_for(lambda: toy.starts(folder, "wait"), "a start")
        process.send_signal(signal.SIGINT)
        assert process.wait(toy.PATIENCE) != 0
    assert "1 jobs are left running" in said(folder)
    (folder / "go").touch()
    toy.wait_for(lambda: (folder / "wait/made.txt").exists() and toy.no_job_runs(folder), "the end of the job")
    code, said_again = toy.snakemake(folder, *asked)
    assert code == 0
    assert "Nothing to be done" in said_again


def said(folder):
    return (folder / "said.txt").read_text()
