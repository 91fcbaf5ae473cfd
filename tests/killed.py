"""Run a module of this project in a process that is killed, as by a power cut, in the middle of its Nth write.

python -m tests.killed N MODULE ARGUMENTS...
"""

import os
import runpy
import signal
import subprocess
import sys


def killed(write, module, *arguments, given=None):
    """Run it so; whether it was killed, else it has to end well."""
    command = [sys.executable, "-m", "tests.killed", str(write), module, *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def main():
    left, module, *arguments = sys.argv[1:]
    writes, sync = int(left), os.fsync

    def count(file):  # every whole file is filled, then synced, then renamed
        nonlocal writes
        writes -= 1
        if not writes:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(file)

    os.fsync = count
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
