"""``python -m study.launch.inside BATCH``: one job of a batch, from its begin to its end."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import submitit

from study import io, job
from study.launch.batch import again_file, lock_file, read_handed
from study.launch.ended import Begin
from study.launch.inside.command import Command
from study.launch.inside.job import InsideJob


def main() -> int:
    """Run the job's command; its exit code."""
    args = _arguments()
    handed = read_handed(args.folder)
    where = submitit.JobEnvironment()
    index = args.index if args.index is not None else int(where.array_task_id or 0)
    begin = Begin(
        id=where.job_id,
        host=where.hostname,
        pid=os.getpid(),
        started=time.time(),
        restarts=int(os.environ.get("SLURM_RESTART_COUNT", "0")),
        gpus=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )
    job.announce(begin.started, again_file(args.folder, index))
    with ExitStack() as held:
        if not args.requeue:  # only a process of this machine, whose life nobody else watches
            held.enter_context(io.lock(lock_file(args.folder, index)))
        command = Command(None if args.requeue else handed.options.kill_seconds)
        return InsideJob(args.folder, index, handed, begin, args.requeue).run(command, args.parent)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m study.launch.inside")
    parser.add_argument("folder", type=Path, help="of the batch")
    parser.add_argument("--index", type=int, help="which job of the batch (default: the array's)")
    parser.add_argument("--requeue", action="store_true", help="ask Slurm to start the job again when interrupted")
    parser.add_argument("--parent", type=int, metavar="FD", help="a pipe that closes when the job is to end")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
