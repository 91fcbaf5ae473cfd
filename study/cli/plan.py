"""``study plan``: a grid becomes runs; prints what each will cost, writes what is needed to run them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from study.cli import options
from study.errors import PlanError

EXAMPLES = """\
  study plan grids/quickstart.yaml
  study plan grids/scaling_down_clip.yaml --gpu h100 --dry-run    what it would cost, nothing written
  study plan grids/quickstart.yaml --json                         every run, for a program
  study plan grids/mine.yaml --recalibrate                        resolve frozen budgets anew
  study plan --schema > grids/schema.json                         for editors"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Paths and switches; all that changes a result is in the grid."""
    parser.add_argument("grid", type=Path, nargs="?", metavar="GRID", help="the study's grid file")
    parser.add_argument("--gpu", metavar="NAME", help="predict for this device instead of the grid's own")
    options.hardware(parser)
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    parser.add_argument("--quiet", action="store_true", help="print one line instead of the table")
    parser.add_argument("--runnable", action="store_true", help="refuse a plan whose data is not there")
    parser.add_argument(
        "--recalibrate", action="store_true", help="resolve budgets in FLOPs and GPU-hours anew; lists what changes"
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of grid files")
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, unless nothing has changed since the last time."""
    if args.schema:
        from study.config import schema
        from study.plan.choices import registries

        print(json.dumps(schema(registries()), indent=2))
        return 0
    if args.grid is None:
        raise PlanError("no grid given\nsee: study plan --help")
    facts, rows, new = _planned(args)
    if args.runnable and facts["estimate"]:
        raise PlanError(f"{args.grid}: a source only declares its number of pairs; give it its data to run this")
    _print(args, facts, rows, new)
    return 0


def _planned(args: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]], int | None]:
    """Facts and rows of the plan, and how many specs are new; none where the plan on disk still holds."""
    from study.config.site import site_path
    from study.plan.current import current, renew_predictions

    args.hardware = site_path(args.hardware)
    table = None if args.recalibrate else current(args.grid, args.results, args.gpu, args.hardware)
    if table is None:
        return _made(args)
    if not args.dry_run:
        renew_predictions(args.results, table)
    return table.facts, table.rows.to_dicts(), None


def _made(args: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
    from study.plan.make import Options, make
    from study.plan.replaced import replaced
    from study.plan.write import facts, with_made_predictions, write

    if args.gpu is not None:
        from study.config.site import read_site
        from study.hardware import find

        find(args.gpu, read_site(args.hardware).devices)  # a wrong name is told before anything is loaded
    chosen = Options(args.gpu, args.recalibrate, not args.dry_run, args.hardware)
    plan = make(args.grid, args.results, chosen, _progress)
    rows, told = with_made_predictions(plan), facts(plan)
    for line in replaced(plan) if args.recalibrate else ():
        _progress(line)
    over = plan.over_limit()
    if over is not None:
        _print(args, told, rows, None)
        raise PlanError(over)
    return told, rows, 0 if args.dry_run else write(plan)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print(args: argparse.Namespace, facts: dict[str, Any], rows: list[dict[str, Any]], new: int | None) -> None:
    if args.json:
        from study.plan.summary import totals

        print(json.dumps({**facts, "totals": totals(args.results, facts["study"], rows), "rows": rows}, indent=2))
        return
    if not args.quiet:
        from rich.console import Console

        from study.plan.show import show

        show(Console(soft_wrap=False, width=None if sys.stdout.isatty() else 160), facts, rows, args.results)
    state = "unchanged" if new is None else "nothing written" if args.dry_run else f"{new} new"
    print(f"{facts['study']}: {len(rows)} runs planned, {state}")
