"""``study data inspect``: what a source holds."""

from __future__ import annotations

import argparse

from study.cli import data_source, options
from study.cli.data_shown import show

EXAMPLES = """\
  study data inspect embedded
  study data inspect table --set path=pairs.parquet --set score_column=clip_score --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source with its settings."""
    data_source.source(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the numbers."""
    from study.data.inspect import inspect

    show(inspect(data_source.opened(args)), args.json)
    return 0
