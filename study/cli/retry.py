"""``study retry``: forget what failed, so that the next snakemake trains or evaluates these runs again."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.cli import options
from study.errors import PlanError
from study.records import Status

EXAMPLES = """\
  study retry grids/quickstart.yaml --dry-run        what would be forgotten
  study retry grids/quickstart.yaml --status diverged
  study retry r0123456789ab
Runs go on from their checkpoints. Where data sets failed in an evaluation, only these are scored again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, by study or by id."""
    failed = [status.value for status in Status if status in _FAILED]
    parser.add_argument("what", nargs="+", metavar="GRID|STUDY|RUN_ID", help="studies or single runs")
    parser.add_argument(
        "--status", choices=failed, help="only runs that ended so (default: all that failed, and failed evaluations)"
    )
    parser.add_argument("--dry-run", action="store_true", help="list, forget nothing")
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """List the failed outcomes and evaluations and remove them."""
    from study.plan.retry import failures, forget, forget_evaluations, unscored

    ids = list(dict.fromkeys(run_id for what in args.what for run_id in _ids(what, args.results)))
    failed = failures(args.results, ids, {Status(args.status)} if args.status else _FAILED)
    ended = {failure.run_id for failure in failed}
    partly = [] if args.status else unscored(args.results, (run_id for run_id in ids if run_id not in ended))
    for failure in failed:
        print(f"{failure.run_id}  {failure.status}: {failure.reason or 'no reason given'}")
        if not args.dry_run:
            forget(args.results, failure.run_id)
    for one in partly:
        print(f"{one.run_id}  not evaluated: {one.reason}")
        if not args.dry_run:
            forget_evaluations(args.results, one.run_id)
    verb = "would be forgotten" if args.dry_run else "forgotten; the next snakemake runs them again"
    print(f"{len(failed) + len(partly)} {verb}")
    return 0


_FAILED = {Status.DIVERGED, Status.OUT_OF_MEMORY, Status.BAD_DATA, Status.FAILED}


def _ids(what: str, results: Path) -> list[str]:
    from study.plan.table import run_ids

    if (results / "runs" / what).is_dir():
        return [what]
    name = Path(what).stem
    if not (results / name / "plan.parquet").exists():
        raise PlanError(f"{what!r} is no run and no planned study in {results}; give a run id or a grid file")
    return run_ids(results, name)
