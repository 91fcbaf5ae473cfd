"""Requests for the test Slurm, and what a launcher tells of them to the end."""

import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from study.launch import Options, Request, Resources, Update, open_launcher
from tests.slurm import saver

# real questions are seconds apart; signal_seconds lets USR2 come in the first minute of a job of two
OPTIONS = Options(query_seconds=0.5, lag_seconds=20, file_seconds=5, signal_seconds=110)
SECONDS = 300.0


# of shell: the command has begun when its log says so; Slurm says earlier that the job runs
WAITS = "echo begun; while [ ! -e go ]; do sleep 0.1; done"


def shell(folder: Path, key: str, script: str, after: tuple[str, ...] = (), **resources: object) -> Request:
    """A job that runs a line of shell; it writes ``FOLDER/KEY.log``."""
    return of_command(folder, key, ("bash", "-c", script), after, **resources)


def saving(folder: Path, key: str, **resources: object) -> Request:
    """A job that saves when told to, goes on where it was, and ends once ``FOLDER/go`` is there."""
    return of_command(folder, key, (sys.executable, saver.__file__, str(folder)), **resources)


def goes_on(log: Path) -> bool:
    """Whether the log of a job that saves shows a second attempt; it has to begin where the first one saved."""
    lines = log.read_text().splitlines() if log.exists() else []
    if len(lines) < 3:
        return False
    assert lines == ["from 0", f"saved {lines[1].removeprefix('saved ')}", f"from {lines[1].removeprefix('saved ')}"]
    return True


def of_command(
    folder: Path, key: str, command: tuple[str, ...], after: tuple[str, ...] = (), **resources: object
) -> Request:
    """A job of two minutes at most."""
    asked = Resources.of({"slurm_partition": "low", "runtime": 2, "mem_mb": 200, **resources})
    note = folder / f"{key}.failure.json"
    return Request(
        key=key, name=key, command=command, log=folder / f"{key}.log", resources=asked, after=after, note=note
    )


class Watch:
    """What a launcher tells, and what it says besides."""

    def __init__(self, folder: Path, **options: object) -> None:
        """Opens the launcher whose journal is in ``FOLDER/jobs``."""
        self.said: list[str] = []
        self.told: list[Update] = []
        chosen = OPTIONS.model_copy(update=options)
        self.launcher = open_launcher("slurm", folder / "jobs", "test", chosen, self.said.append)

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *error: object) -> None:
        self.launcher.close()

    def until(self, condition: Callable[[], object]) -> None:
        """Poll until the condition holds, looked at between polls."""
        end = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < end, [update.message for update in self.told]
            self.told += self.launcher.poll()
            time.sleep(0.1)

    def poll_for(self, seconds: float) -> None:
        """Poll for so long, whatever is told."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    def until_begun(self, *requests: Request) -> None:
        """Poll until the commands of jobs that are ``WAITS`` run."""
        self.until(lambda: all(request.log.exists() and request.log.read_text() for request in requests))

    def until_all_ended(self) -> None:
        """Poll until no job is left."""
        self.until(lambda: not self.launcher.active)

    def states(self, key: str) -> list[str]:
        """States of one job as they were told, each once in a row."""
        return [state for state, _ in groupby(update.state.value for update in self.told if update.job.key == key)]

    def last(self, key: str) -> Update:
        """The last that was told of one job."""
        return [update for update in self.told if update.job.key == key][-1]
