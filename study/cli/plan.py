"""``study plan``: a grid becomes runs; prints what each will cost, writes what is needed to run them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from study.cli import options
from study.cli.telling import say
from study.errors import PlanError

if TYPE_CHECKING:
    from study.plan.held import Held
    from study.plan.table import StudyTable

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
    planned = _planned(args)
    if args.runnable and planned.facts["estimate"]:
        raise PlanError(f"{args.grid}: a source only declares its number of pairs; give it its data to run this")
    _print(args, planned)
    if planned.over:
        raise PlanError(planned.over)
    return 0


class Planned(NamedTuple):
    """A plan's facts and rows, why its limit does not hold, and how many specs are new; none where it was current."""

    facts: dict[str, Any]
    held: Held
    over: str | None
    new: int | None


def _planned(args: argparse.Namespace) -> Planned:
    from study.config.site import site_path
    from study.plan.current import current
    from study.summary.opened import NO_STUDIES

    if args.grid.stem in NO_STUDIES:
        taken = ", ".join(sorted(NO_STUDIES))
        raise PlanError(f"{args.grid}: a study takes the name of its grid file, and none may be {taken}; rename it")
    args.hardware = site_path(args.hardware)
    table = None if args.recalibrate else current(args.grid, args.results, args.gpu, args.hardware)
    if table and table.limit and table.facts["estimate"]:
        table = None  # its rows have no ids, so only its grid says which trials belong to which run
    return _made(args) if table is None else _renewed(args, table)


def _renewed(args: argparse.Namespace, table: StudyTable) -> Planned:
    """The plan on disk, which still is that of its grid, with predictions by what has ended since."""
    from study.config.document import read
    from study.plan.current import renewed, rewrite
    from study.plan.held import hold

    rows = renewed(args.results, table)
    keys = [row["run_id"] or "" for row in rows]
    held = hold(args.results, table.name, rows, keys, table.evaluation_id, table.limit)
    over = held.refusal(read(args.grid)) if held.problems else None
    write = not (args.dry_run or over)
    return Planned(rewrite(table, held) if write else table.facts, held, over, None)


def _made(args: argparse.Namespace) -> Planned:
    if args.gpu is not None:
        from study.config.site import read_site
        from study.hardware import find

        find(args.gpu, read_site(args.hardware).devices)  # a wrong name is told before anything is loaded
    from study.models.loading import load_models

    load_models()
    from study.plan.make import Options, make
    from study.plan.replaced import replaced
    from study.plan.write import facts, write

    chosen = Options(args.gpu, args.recalibrate, not args.dry_run, args.hardware)
    plan = make(args.grid, args.results, chosen, say)
    for line in replaced(plan) if args.recalibrate else ():
        say(line)
    over = plan.held.refusal(plan.grid.document)
    return Planned(facts(plan), plan.held, over, 0 if args.dry_run or over else write(plan))


def _print(args: argparse.Namespace, planned: Planned) -> None:
    facts, held = planned.facts, planned.held
    if args.json:
        from study.hardware import Site
        from study.plan.summary import totals

        sums = totals(args.results, facts["study"], held.kept, Site.of(facts))
        budget = {name: {**counted._asdict(), "left": counted.left} for name, counted in held.caps.items()}
        print(json.dumps({**facts, "totals": sums, "budget": budget, "rows": held.rows}, indent=2))
        return
    if not args.quiet:
        from study.cli.console import table_console
        from study.plan.show import show

        show(table_console(highlight=True), facts, held, args.results)
    idle = planned.over or args.dry_run
    state = "unchanged" if planned.new is None else "nothing written" if idle else f"{planned.new} new"
    print(f"{facts['study']}: {len(held.kept)} runs planned, {state}")
