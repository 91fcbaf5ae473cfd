import errno
import os
import time
from contextlib import contextmanager

import pytest

from study.launch import Options, Request, Resources, open_launcher
from tests.launch.fake import FakeSlurm

AT_ONCE = {"query_seconds": 0.0, "lag_seconds": 600.0, "file_seconds": 0.0}


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    fake = FakeSlurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", f"{fake.folder / 'bin'}:{os.environ['PATH']}")
    return fake


@pytest.fixture
def said():
    """What launchers said."""
    return []


@pytest.fixture
def opened(tmp_path, said):
    """Opens launchers on one journal; ends those that a test left open."""
    every = []

    def open_one(kind, **options):
        made = open_launcher(kind, tmp_path / "jobs", "a study", Options(**(AT_ONCE | options)), said.append)
        every.append(made)
        return made

    yield open_one
    for one in every:
        one.close()


@pytest.fixture
def request_for(tmp_path):
    """A request for a shell command."""

    def make(key, command="true", after=(), **resources):
        return Request(
            key=key,
            name=f"run {key}",
            command=("bash", "-c", command),
            log=tmp_path / "logs" / f"{key}.log",
            resources=Resources.of(resources),
            after=after,
            note=tmp_path / "runs" / key / "failure.json",
        )

    return make


@pytest.fixture
def ends():
    """Polls until all jobs have ended; the last update of each, by its key."""

    def wait(launcher, seconds=600):
        last, end = {}, time.monotonic() + seconds
        while launcher.active:
            assert time.monotonic() < end, last
            last |= {update.job.key: update for update in launcher.poll()}
            time.sleep(0.02)
        return last

    return wait


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that takes no file whose name has ``part`` in it."""

    @contextmanager
    def full(part=""):
        real = os.fsync

        def fsync(file):
            if part in os.readlink(f"/proc/self/fd/{file}"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(file)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fsync)
            yield

    return full
