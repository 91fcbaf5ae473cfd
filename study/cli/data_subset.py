"""``study data subset``: exact counts of a subset."""

from __future__ import annotations

import argparse

from study.cli import data_source, options
from study.cli.data_shown import show

EXAMPLES = """\
  study data subset embedded --quality 0.5 --size 1000"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source with its settings, and the subset."""
    data_source.source(parser)
    data_source.subset(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the numbers."""
    from study.data.inspect import inspect_subset

    quality, size = data_source.share(args.quality), data_source.size(args.size)
    show(inspect_subset(data_source.opened(args), quality, size), args.json)
    return 0
