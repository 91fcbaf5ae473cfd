"""``study claims``: the verdict on each finding that a folder of grids checks."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from study.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.claims.check import Checked

EXAMPLES = """\
  study claims grids/claims            results/claims.parquet and reports/claims/index.html
  study claims grids/claims --json     every effect, p-value and verdict, for a program"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folder of grids, where results live and where the page goes."""
    parser.add_argument("grids", type=Path, metavar="GRIDS", help="a folder of grids, each with a claim")
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="where to write claims/index.html"
    )
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Check all claims together, write their table and page, print the verdicts."""
    from study.claims import check
    from study.claims.check import studies_of
    from study.claims.table import plain, table
    from study.io import write_parquet
    from study.report.claims import render

    checked = check(args.results, studies_of(args.grids))
    verdicts = table(checked)
    write_parquet(args.results / "claims.parquet", verdicts)
    page = render(verdicts, args.out)
    if args.json:
        print(json.dumps(plain(checked), indent=2))
        return 0
    _show(checked)
    print(page)
    return 0


def _show(checked: Sequence[Checked]) -> None:
    from rich.table import Table

    from study.cli.console import table_console

    listing = Table(box=None, pad_edge=False, header_style="bold")
    for header, wraps in (("claim", False), ("verdict", False), ("why", True)):
        listing.add_column(header, no_wrap=not wraps)
    for one in checked:
        listing.add_row(one.found.asked.study, one.verdict, one.reason)
    table_console().print(listing)
