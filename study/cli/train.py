"""``study train``: one run, trained, resumed or left alone, then scored in the same process."""

from __future__ import annotations

import argparse
import time
import traceback
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from study import io, job
from study.cli import options, train_ranks
from study.cli.log import Log, label
from study.errors import INTERRUPTED_CODE, OverBudgetError, StorageError, StudyError
from study.records import FAILURE, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from study.train.session import Session

EXAMPLES = """\
  study train results/runs/r0123456789ab/spec.json
  study train r0123456789ab --study quickstart     score it as that study asks, too
  study train r0123456789ab --device cpu --threads 1
  study train r0123456789ab --processes 2           on two GPUs of this machine
  study train r0123456789ab --processes 16 --nodes 2   on all GPUs of a Slurm job's two nodes
A run that was stopped or killed goes on from its last checkpoint; a run that has ended is left as it is.
The exit code is 0 whenever a run has an outcome, also one that diverged, lacked memory or met unreadable data: its
outcome.json and the report say so. It is 75 where the same command goes on, and 2 for what must be mended first."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Paths and switches; whatever changes a result is in the spec."""
    parser.add_argument("run", help="a run id, or the path of its spec.json")
    parser.add_argument("--study", help="score the run as this study asks, and say which of its runs it is")
    parser.add_argument("--log", type=Path, help="write the progress lines to this file, too")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default auto)")
    train_ranks.add_arguments(parser)
    parser.add_argument("--micro-batch-size", type=int, metavar="N", help="pairs at once on a device")
    parser.add_argument(
        "--shard", action="store_true", help="each process holds a share of the towers, not all of them"
    )
    parser.add_argument(
        "--checkpoint-seconds",
        type=float,
        default=120.0,
        metavar="S",
        help="between checkpoints (default 120)",
    )
    parser.add_argument(
        "--accelerate",
        default="auto",
        metavar="NAMES",
        help="compile, cuda_graphs, tf32 (with commas), none, or auto: what a probe of it chose (default auto)",
    )
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Train, then evaluate; what that takes is in the study's ledger."""
    from study.train.signals import warnings_let_pass

    started = time.monotonic() - job.seconds_so_far()
    run_folder = options.run_folder(args.run, args.results)
    train_ranks.check(args)
    say = Log(args.log, label(run_folder, args.results, args.study), quiet=not train_ranks.leads())
    try:
        with warnings_let_pass():
            return _run(args, run_folder, say, started)
    except Exception as error:
        if _note_failure(run_folder, error):
            say.to_file(str(error) if isinstance(error, StudyError) else traceback.format_exc())
        raise


def _run(args: argparse.Namespace, run_folder: Path, say: Log, started: float) -> int:
    from study.plan.account import claim_training
    from study.train.predecessor import wait_for_predecessor

    claimed = None
    if train_ranks.leads():
        claimed = claim_training(run_folder, args.results, args.study, train_ranks.taken(args))
    if args.processes > 1 and not train_ranks.is_rank():
        if claimed is not None:
            claimed.check()  # before processes are started for nothing
        (run_folder / FAILURE).unlink(missing_ok=True)  # the first rank that fails says why
        return train_ranks.launch(args)
    if train_ranks.leads():
        wait_for_predecessor(run_folder, say)
    with claimed.held(started) if claimed else nullcontext(lambda samples: None) as begins:
        _train_and_score(args, run_folder, say, started, begins)
    return 0


def _note_failure(run_folder: Path, error: Exception) -> bool:
    """Say why the run has no outcome, for the report; the next process to work on it takes the note away.

    False for a rank whose error is not to be told: another failed before, and this one lost it; or stopped as it did.
    """
    goes_on = isinstance(error, StudyError) and error.exit_code == INTERRUPTED_CODE
    if goes_on:
        job.ask_for_another_start()
    if goes_on or isinstance(error, OverBudgetError):
        return train_ranks.leads()
    if train_ranks.is_rank() and (run_folder / FAILURE).exists():
        return False
    from study.train.failure import failure_status

    words = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {words[0] if words else 'no message'}"
    with suppress(StorageError):  # a full disk is told by the error itself
        io.write_json(run_folder / FAILURE, {"status": failure_status(error) or Status.FAILED, "reason": reason})
    return True


def _train_and_score(
    args: argparse.Namespace, run_folder: Path, say: Log, started: float, begins: Callable[[int], None]
) -> None:
    from study.models.loading import load_models

    load_models()
    from study.train.device import place
    from study.train.run import Switches, train_run

    switches = Switches(
        place=lambda: place(args.device, args.threads),
        say=say,
        micro_batch_size=args.micro_batch_size,
        checkpoint_seconds=args.checkpoint_seconds,
        already=time.monotonic() - started,
        begins=begins,
        accelerate=args.accelerate,
        shard=args.shard,
        study=args.study,
    )
    trained = train_run(run_folder / "spec.json", run_folder.parents[1], switches)
    completed = trained.outcome.status is Status.COMPLETED
    if args.study is not None and trained.session is not None and trained.session.place.leads and completed:
        _score(trained.session, run_folder, args.study, say)


def _score(session: Session, run_folder: Path, study: str, say: Log) -> None:
    from study.data.place import located
    from study.evaluate.asked import read_evaluation
    from study.evaluate.embed import Subject
    from study.evaluate.run import run_evaluation

    results = run_folder.parents[1]
    subject = Subject(
        session.arch,
        session.model,
        session.strategy,
        session.phases[-1],
        located(session.spec.data, results),
        session.place.device,
        session.precision,
    )
    run_evaluation(run_folder, read_evaluation(results / study / "evaluation.json"), lambda: nullcontext(subject), say)
