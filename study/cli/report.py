"""``study report``: render a study's report page, or those of all studies and their index."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from study.cli import options
from study.errors import StudyError

EXAMPLES = """\
  study report quickstart
  study report quickstart --out /tmp/reports
  study report --all                              every study in results/, the published ones, and reports/index.html"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the study's name, where results live and where reports go."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", metavar="NAME", help="the study, as its grid file is called")
    which.add_argument("--all", action="store_true", help="every study in the results folder, and the built-in ones")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports"),
        metavar="DIR",
        help="where to write NAME/index.html and index.html, the list of all reports (default reports)",
    )
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Write the page, its figures and tables, and the index; the last line is the page's path, or the index's."""
    if not args.all:
        print(_page(args.results, args.name, args.out))
        return 0
    from study.report.index import note_planned, note_problem, write_index
    from study.summary.opened import collected_studies, studies_in
    from study.summary.planned import not_run

    damaged = False
    for name in studies_in(args.results):
        try:
            if waits := not_run(args.results, name):
                note_planned(args.out, name, waits)
                print(f"study: {name}: {waits}", file=sys.stderr)
            else:
                print(_page(args.results, name, args.out))
        except StudyError as error:
            note_problem(args.out, name, str(error))
            print(f"study: {name}: {error}", file=sys.stderr)
            damaged |= name in collected_studies(args.results)
    print(write_index(args.out) or f"{args.out}/index.html was left as it is: it is no list of reports")
    return 2 if damaged else 0


def _page(results: Path, name: str, out: Path) -> Path:
    from study.lookup.sliders import planner
    from study.report.render import render

    return render(results, name, out, planner(results, name))
