"""Waits for the end of a test run, however it ends, then ends what belongs to one folder and removes the folder.

``python keeper.py FOLDER``: its standard input is a pipe that only the test run holds open, so that a killed test run
is seen as well as one that closes it. A process belongs to the folder when its environment or its command names it.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path


def belongs(process: Path, folder: str) -> bool:
    """Whether a folder of ``/proc`` is of a process that was started for the test run."""
    try:
        named = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
    except OSError:
        return False  # it has ended
    return folder.encode() in named and process.name != str(os.getpid())


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
