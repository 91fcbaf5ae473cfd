"""The launching process is killed and started again: jobs go on, none is submitted twice, none is lost."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.slurm.cluster import wait_for

pytestmark = pytest.mark.slurm

JOBS = 3
ALL_COMPLETED = " ".join(f"{key}:completed" for key in range(JOBS))
MOMENTS = {
    "before Slurm hears of it": "kill -9 $PPID",
    "before the id is noted": '{sbatch} "$@" > /dev/null; kill -9 $PPID',
}


@pytest.fixture
def submitter(slurm, tmp_path, monkeypatch):
    """Starts a process that submits three jobs and waits for them; the ``sbatch`` it finds may be another."""

    def start(script=None):
        path = os.environ["PATH"]
        if script:
            program = tmp_path / "programs/sbatch"
            program.parent.mkdir()
            program.write_text("#!/bin/sh\n" + script.format(sbatch=shutil.which("sbatch")))
            program.chmod(0o755)
            path = f"{program.parent}:{path}"
        command = [sys.executable, "-m", "tests.slurm.submitter", str(tmp_path), str(JOBS)]
        environment = {**os.environ, "PATH": path, "PYTHONPATH": os.getcwd()}
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)

    return start


def starts(folder):
    return {path.stem: path.read_text().count("ran") for path in folder.glob("*.ran")}


def finish(submitter, folder):
    (folder / "go").touch()
    with submitter() as again:
        assert again.communicate(timeout=300)[0].strip() == ALL_COMPLETED
    assert starts(folder) == {str(key): 1 for key in range(JOBS)}


def test_jobs_run_on_and_are_found_again(slurm, submitter, tmp_path):
    with submitter() as first:
        wait_for(lambda: len(starts(tmp_path)) == JOBS, "all to start")
        first.kill()
    (tmp_path / "submitted").unlink()
    with submitter() as second:
        wait_for((tmp_path / "submitted").exists, "the second process")
        second.kill()
    assert len(slurm.run("squeue", "--noheader", "--array").splitlines()) == JOBS
    finish(submitter, tmp_path)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_killed_while_it_submits(slurm, submitter, tmp_path, moment):
    with submitter(MOMENTS[moment]) as first:
        assert first.wait(300) == -9
    finish(submitter, tmp_path)


def test_jobs_that_ended_meanwhile_are_told(slurm, submitter, tmp_path):
    with submitter() as first:
        wait_for(lambda: len(starts(tmp_path)) == JOBS, "all to start")
        first.kill()
    (tmp_path / "go").touch()
    slurm.wait_until_idle()
    finish(submitter, tmp_path)
