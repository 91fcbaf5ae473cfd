"""Waits for the end of a test run, however it ends, then ends what belongs to one folder and removes the folder.

``python keeper.py FOLDER``: its standard input is a pipe that only the test run holds open, so that a killed test run
is seen as well as one that closes it. A process belongs to the folder when its command names it, or its environment,
and it is a daemon's, a job's or a test's: a shell of yours that exported ``SLURM_CONF`` does not.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

DAEMON = "TESTS_SLURM_DAEMON"  # in the environment of the daemons
MARKS = [f"\0{name}=".encode() for name in (DAEMON, "SLURM_JOB_ID", "PYTEST_CURRENT_TEST")]


def belongs(process: Path, folder: str) -> bool:
    """Whether a folder of ``/proc`` is of a process that was started for the test run."""
    try:
        environment, command = ((process / name).read_bytes() for name in ("environ", "cmdline"))
    except OSError:
        return False  # it has ended
    if process.name == str(os.getpid()) or folder.encode() not in environment + command:
        return False
    return any(mark in b"\0" + environment for mark in MARKS) or folder.encode() in command


def processes(folder: str) -> list[int]:
    """Ids of all processes that belong to the folder."""
    return [int(one.name) for one in Path("/proc").glob("[0-9]*") if belongs(one, folder)]


def end(folder: str) -> None:
    """Kill until none is left (one may be starting another), unmount what is mounted below, remove the folder."""
    while left := processes(folder):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
    for line in Path("/proc/mounts").read_text().splitlines():
        if (where := line.split()[1]).startswith(folder):
            subprocess.run(["umount", "--lazy", where], check=False)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()
    end(sys.argv[1])
