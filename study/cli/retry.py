"""``study retry``: forget how runs failed, so that the next snakemake trains them again from their checkpoints."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.cli import options
from study.errors import PlanError
from study.records import Status

EXAMPLES = """\
  study retry grids/quickstart.yaml --dry-run        what would be forgotten
  study retry grids/quickstart.yaml --status diverged
  study retry r0123456789ab"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs, by study or by id."""
    failed = [status.value for status in Status if status in _FAILED]
    parser.add_argument("what", nargs="+", metavar="GRID|STUDY|RUN_ID", help="studies or single runs")
    parser.add_argument("--status", choices=failed, help="only runs that ended so (default: all that failed)")
    parser.add_argument("--dry-run", action="store_true", help="list, forget nothing")
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """List the failed outcomes and remove them."""
    from study.plan.retry import failures, forget

    wanted = {Status(args.status)} if args.status else _FAILED
    found = [failure for what in args.what for failure in failures(args.results, _ids(what, args.results), wanted)]
    for failure in found:
        print(f"{failure.run_id}  {failure.status}: {failure.reason or 'no reason given'}")
        if not args.dry_run:
            forget(args.results, failure.run_id)
    verb = "would be forgotten" if args.dry_run else "forgotten; the next snakemake runs them again"
    print(f"{len(found)} {verb}")
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
