"""``study collect``: gather all runs of a study into two tables."""

from __future__ import annotations

import argparse

from study.cli import options

EXAMPLES = "  study collect quickstart"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the study's name and where results live."""
    parser.add_argument("name", metavar="NAME", help="the study, as its grid file is called")
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Write runs.parquet and scores.parquet; say how many runs ended how, and what could not be read."""
    from study.collect import collect
    from study.summary.skipped import said, skipped

    collected = collect(args.results, args.name)
    ends = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in collected.counts.items())
    print(f"{args.name}: {collected.runs.height} runs ({ends or 'none planned'}), {collected.scores.height} scores")
    if told := said(skipped(collected.runs).to_dicts()):
        print(f"could not be read: {told}")
    print(args.results / args.name / "runs.parquet")
    return 0
