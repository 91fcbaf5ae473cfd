"""``study data subset``: exact counts of a subset, and its ids as a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.cli import data_source, options
from study.cli.data_shown import show
from study.errors import DataError

EXAMPLES = """\
  study data subset embedded --quality 0.5 --size 1000
  study data subset embedded --quality 0.3 --out best.npy"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source with its settings, and the subset."""
    data_source.source(parser)
    data_source.subset(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the sorted ids as a .npy file, which DataComp's tools read too"
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the numbers; write the ids if they are asked for, to be shared with the runs that use them."""
    from study.data.inspect import inspect_subset
    from study.data.subset import ensure

    quality, size = args.quality, data_source.size(args.size)
    if args.out is not None and args.out.suffix != ".npy":
        raise DataError(f"--out {args.out}: the name of a file of ids ends in .npy, such as {args.out.stem}.npy")
    source = data_source.opened(args)
    found = inspect_subset(source, quality, size)
    if args.out is not None:
        ensure(args.results, source, quality, found["pairs"]).copy(args.out)
    show(found, args.json)
    return 0
