"""``study fit``: fit scaling laws to a study's tables."""

from __future__ import annotations

import argparse

from study.cli import options
from study.fit import SELECTIONS
from study.laws import DEFAULT_LAW, LAWS

EXAMPLES = """\
  study fit quickstart
  study fit quickstart --law power --selection pareto --selection all
  study fit published --law shifted_power"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the study's name, the laws and the selections of points."""
    parser.add_argument("name", metavar="NAME", help="the study, as its grid file is called")
    parser.add_argument(
        "--law",
        action="append",
        metavar="LAW",
        help=f"{', '.join(LAWS.names())} (default: {DEFAULT_LAW}, and each other one whose parameters "
        "the points tell); may be repeated",
    )
    parser.add_argument(
        "--selection",
        action="append",
        metavar="WHICH",
        help=f"points to fit: {', '.join(SELECTIONS.names())} (default: the law's own); may be repeated",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (default 0)")
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Write laws.parquet; say how many groups have a law."""
    from study.fit.run import fit
    from study.lookup import prepare

    table = fit(args.results, args.name, args.law, args.selection, args.seed)
    fitted = table.height - table["coefficients"].null_count()
    prepare(args.results, args.name)
    print(f"{args.name}: {fitted} laws; {table.height - fitted} groups without one, each with its reason")
    print(args.results / args.name / "laws.parquet")
    return 0
