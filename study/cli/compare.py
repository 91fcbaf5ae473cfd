"""``study compare``: what changed between two studies, where, and whether beyond the spread."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from study.cli import options

if TYPE_CHECKING:
    from study.summary.changes import Changes

EXAMPLES = """\
  study compare before after                                two studies of results/
  study compare quickstart /mnt/other/results/quickstart    the same grid run elsewhere: a folder holds a slash
  study compare laion published --dataset imagenet1k        results of others against the built-in ones
  study compare before after --all                          test every data set and metric that both have
  study compare before after --fail-on-change               exit 1 where something changed, for CI"""
MOST = 20  # settings in the table that is printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two studies, what is compared and where the page goes."""
    for name in ("A", "B"):
        parser.add_argument(name.lower(), metavar=name, help="a study by name, or the folder of one (with a slash)")
    parser.add_argument("--dataset", metavar="NAME", help="the data set to test (default: that of A's headline)")
    parser.add_argument("--metric", metavar="NAME", help="the metric to test (default: that of A's headline)")
    parser.add_argument(
        "--all", action="store_true", help="test all data sets and metrics that both have, of those named: less power"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="COLUMN", help="match settings although they differ in it"
    )
    parser.add_argument(
        "--fail-on-change", action="store_true", help="exit 1 when a score, FLOPs, an evaluation or a run's end changed"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("reports"), metavar="DIR", help="where to write compare/A-vs-B/index.html"
    )
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Compare, write the page, print the answer; 0 also where much changed, but for ``--fail-on-change``."""
    from study.compare import compare
    from study.report.compare import answer, legend, render

    changes = compare(args.results, args.a, args.b, args.dataset, args.metric, args.all, args.ignore)
    page = render(changes, args.out)
    if args.json:
        print(json.dumps({"answer": answer(changes), "page": str(page), **changes.plain()}, indent=2, allow_nan=False))
    else:
        print("\n".join([legend(changes), *answer(changes)]))
        _show(changes)
        print(page)
    return 1 if args.fail_on_change and changes.changed else 0


def _show(changes: Changes) -> None:
    """The settings of the first measure with the largest differences."""
    from rich.table import Table

    from study.cli.console import table_console
    from study.report import words
    from study.report.compare.words import labelled

    rows = changes.of(changes.measures[0])
    if not rows.height:  # the answer says why
        return
    largest = rows.sort(rows["difference"].abs(), descending=True).head(MOST)
    listing = Table(box=None, pad_edge=False, header_style="bold")
    for head, side in (("setting", "left"), ("A", "right"), ("B", "right"), ("B - A, points", "right"),
                       ("90 %", "left"), ("seeds", "left"), ("B is", "left")):  # fmt: skip
        listing.add_column(head, justify="right" if side == "right" else "left", overflow="fold")
    for row in labelled(largest, changes).iter_rows(named=True):
        ends = "" if row["low"] is None else f"{words.points(row['low'])} to {words.points(row['high'])}"
        listing.add_row(
            row["label"], *(words.percent(row[f"score_{side}"]) for side in "ab"), words.points(row["difference"]),
            ends, f"{row['n_a']} and {row['n_b']}", row["verdict"],
        )  # fmt: skip
    table_console().print(listing)
    if rows.height > MOST:
        print(f"and {rows.height - MOST:,} more, on the page")
