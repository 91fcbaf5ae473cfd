"""``study backtest``: what this program predicts, tried on what is known."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from study.cli import options
from study.predict.asked import Asked
from study.registry import Registry

if TYPE_CHECKING:
    from study.predict.backtested import Backtested

EXAMPLES = """\
  study backtest cost           GPU-hours of published runs, each predicted from the others
  study backtest cost --json
  study backtest laws           laws fitted below a compute cut, asked for what lies above it; minutes
  study backtest laws --study published"""

BACKTESTS: Registry[Callable[[Asked], Backtested]] = Registry(
    "backtest", {"cost": "study.predict.backtested:cost", "laws": "study.fit.backtested:laws"}
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which one."""
    parser.add_argument("what", metavar="WHAT", help=f"what is predicted: {', '.join(BACKTESTS.names())}")
    parser.add_argument("--study", metavar="NAME", help="of this study alone (default: all)")
    options.results(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the errors of the predictions."""
    found = BACKTESTS.load(args.what)(Asked(args.results, args.study))
    if args.json:
        print(json.dumps(found.rows, indent=2))
    else:
        _show(found)
    return 0


def _show(found: Backtested) -> None:
    from rich.table import Table

    from study.cli.console import table_console

    table = Table(
        box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title=found.title, title_justify="left"
    )
    for header in found.headers:
        table.add_column(header)
    for cells in found.cells:
        table.add_row(*cells)
    console = table_console()
    console.print(table)
    for note in found.notes:
        console.print(note, highlight=False)
