"""Which of a run's processes this is: the only one, one of several ranks, or the parent of them."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from study import job
from study.errors import INTERRUPTED_CODE, PlanError

if TYPE_CHECKING:
    from study.plan.due import Place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many processes train, and where."""
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="processes, one a GPU (default 1)")
    parser.add_argument(
        "--nodes", type=int, default=1, metavar="M", help="machines of this Slurm job that share them (default 1)"
    )
    parser.add_argument(
        "--threads", type=int, help="CPU threads of each process (default: an equal share of those that are there)"
    )


def check(args: argparse.Namespace) -> None:
    """Raise PlanError for processes that cannot be shared out."""
    if args.processes < 1 or args.nodes < 1 or args.processes % args.nodes:
        raise PlanError(
            f"--processes {args.processes} --nodes {args.nodes}: each node takes the same number of processes, "
            "one at least"
        )


def is_rank() -> bool:
    """Whether this process is one of several, by torchrun's variables."""
    return "RANK" in os.environ


def leads() -> bool:
    """Whether this process speaks for the run and writes its files."""
    return os.environ.get("RANK", "0") == "0"


def taken(args: argparse.Namespace) -> Place:
    """What the run takes of its machines, in all its processes."""
    from study.hardware import cpu_threads
    from study.plan.due import Place

    processes = int(os.environ.get("WORLD_SIZE", args.processes))
    each = int(os.environ.get("LOCAL_WORLD_SIZE", args.processes // args.nodes))
    return Place(processes, args.threads or cpu_threads(each))


def launch(args: argparse.Namespace) -> int:
    """The same command as the ranks of the run; their exit code."""
    from study.launch.ranks import run_ranks

    code = run_ranks([sys.executable, "-m", "study", *sys.argv[1:]], args.processes, args.nodes)
    if code == INTERRUPTED_CODE:
        job.ask_for_another_start()  # ranks that were ended before they trained did not
    return code
