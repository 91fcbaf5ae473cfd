"""``study data inspect``: what a source holds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.cli import data_source, options
from study.cli.data_shown import show
from study.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from study.data.source import Source

EXAMPLES = """\
  study data inspect embedded
  study data inspect webdataset --set shards=pool --set score_column=similarity --page pool.html
  study data inspect table --set path=pairs.parquet --set score_column=clip_score --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source with its settings."""
    data_source.source(parser)
    parser.add_argument("--page", type=Path, metavar="FILE", help="also write a page with example images, as pool.html")
    parser.add_argument("--seed", type=options.at_least(0), default=0, metavar="N", help="chooses images (default 0)")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the numbers; write the page if one is asked for."""
    from study.data.inspect import described, inspect

    if args.page and args.page.suffix != ".html":
        raise DataError(f"--page {args.page}: the name of a page ends in .html, such as {args.page}.html")
    source = data_source.opened(args)
    details = described(source)
    found = inspect(source, details, args.seed)
    if args.page:
        _write_page(args.page, source, details, found, args.seed)
    show(found, args.json)
    return 0


def _write_page(path: Path, source: Source, details: pl.DataFrame, found: dict[str, Any], seed: int) -> None:
    import polars as pl

    from study import io
    from study.data.examples import examples
    from study.data.inspect import MEASURES
    from study.data.spread import histogram
    from study.report.data import data_page

    pairs = details.filter(pl.col("split") == "train")
    shown = examples(source, pairs, seed) if source.has_images() else {}
    io.write_text(path, data_page(found, {name: histogram(pairs[name]) for name in MEASURES}, shown))
