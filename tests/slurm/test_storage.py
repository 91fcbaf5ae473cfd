"""A job's folder vanishes, a disk is full: the failure is told with its cause, other jobs go on, nothing hangs."""

import subprocess
from contextlib import contextmanager

import pytest

from tests.slurm.launching import WAITS, Watch, shell

pytestmark = pytest.mark.slurm


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@contextmanager
def mounted(disk):
    """A disk of one MB, which the keeper of the Slurm unmounts if nobody else does."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.fixture
def small_disk(slurm, tmp_path):
    (slurm.folder / "disk").mkdir(exist_ok=True)
    with mounted(slurm.folder / "disk") as disk:
        yield disk


def fill(disk):
    done = subprocess.run(["dd", "if=/dev/zero", f"of={disk}/filling", "bs=1k"], capture_output=True, text=True)
    assert "No space left on device" in done.stderr


def take_away(folder, key):
    """The batch folder of a job, in one go."""
    (batch,) = [path.parent for path in folder.glob("jobs/*/batch.json") if f'"{key}"' in path.read_text()]
    batch.rename(folder / "gone")


@pytest.mark.parametrize("ends", ["true", "exit 3"])
def test_the_folder_of_a_running_job_vanishes(slurm, tmp_path, ends):
    robbed, other = shell(tmp_path, "robbed", f"{WAITS}; {ends}", cpus=2), shell(tmp_path, "other", WAITS)
    with Watch(tmp_path) as watch:
        watch.launcher.submit([robbed, other])
        watch.until_begun(robbed, other)
        take_away(tmp_path, "robbed")
        (tmp_path / "go").touch()
        watch.until_all_ended()
    assert watch.states("robbed")[-1] == ("completed" if ends == "true" else "failed")
    assert watch.states("other")[-1] == "completed"


def test_the_folder_of_a_waiting_job_vanishes(slurm, tmp_path):
    first = shell(tmp_path, "first", WAITS, nodes=2, extra="--exclusive")
    with Watch(tmp_path) as watch:
        watch.launcher.submit([first])
        watch.until_begun(first)
        watch.launcher.submit([shell(tmp_path, "robbed", "true")])
        take_away(tmp_path, "robbed")
        (tmp_path / "go").touch()
        watch.until_all_ended()
    assert watch.last("robbed").reason == "failed"
    assert watch.states("first")[-1] == "completed"


def test_a_full_disk_below_a_job_is_told(slurm, tmp_path, small_disk):
    fill(small_disk)
    with Watch(tmp_path) as watch:
        job = shell(tmp_path, "writes", f'head -c 9999 /dev/zero > "{small_disk}/out"')
        watch.launcher.submit([job])
        watch.until_all_ended()
    assert watch.last("writes").reason == "failed"
    assert "No space left on device" in watch.last("writes").message


def test_a_full_disk_below_the_launcher(slurm, tmp_path, small_disk):
    good, bad = shell(small_disk, "good", WAITS), shell(small_disk, "bad", f"{WAITS}; echo oh; exit 3")
    with Watch(small_disk) as watch:
        watch.launcher.submit([good, bad])
        watch.until_begun(good, bad)
        fill(small_disk)
        (tmp_path / "go").touch()
        watch.until_all_ended()
    assert watch.states("good")[-1] == "completed"
    assert watch.last("bad").reason == "failed"


def test_a_full_disk_of_a_node(slurm, tmp_path):
    """Slurm drains the node and holds the job: its user has to hear of it."""
    with mounted(slurm.folder / "spool.n2") as spool:
        fill(spool)
        with Watch(tmp_path) as watch:
            watch.launcher.submit([shell(tmp_path, "held", "true", extra="--nodelist=n2")])
            watch.until(lambda: watch.told and "scontrol release" in (watch.last("held").detail or ""))
            watch.launcher.cancel(watch.launcher.jobs)
            watch.until_all_ended()
