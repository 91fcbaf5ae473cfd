"""``study report``: render a study's report page."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.cli import options

EXAMPLES = """\
  study report quickstart
  study report quickstart --out /tmp/reports"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the study's name, where results live and where reports go."""
    parser.add_argument("name", metavar="NAME", help="the study, as its grid file is called")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports"),
        metavar="DIR",
        help="where to write NAME/index.html (default reports)",
    )
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Write the page, its figures and tables; the last line is the page's path."""
    from study.lookup.sliders import planner
    from study.report.render import render

    print(render(args.results, args.name, args.out, planner(args.results, args.name)))
    return 0
