"""``study data``: what a source holds, and how many pairs a subset of it has."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from study.cli import options
from study.errors import DataError

if TYPE_CHECKING:
    from study.data import Source

EXAMPLES = """\
  study data inspect embedded
  study data inspect table --set path=pairs.parquet --set score_column=clip_score --json
  study data subset embedded --quality 0.5 --size 1000"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, the source with its settings, and the subset."""
    parser.add_argument("action", choices=["inspect", "subset"], help="the whole source, or one subset's counts")
    parser.add_argument("source", metavar="SOURCE", help="a data source's name, as in a grid")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the source, as in a grid"
    )
    parser.add_argument("--quality", type=float, default=1.0, metavar="Q", help="share kept, best scores first")
    parser.add_argument("--size", metavar="N", help="share of these (0.25) or number of pairs (5000, 10M)")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the numbers."""
    from study.data.inspect import inspect, inspect_subset

    source = _source(args.source, args.set)
    if args.action == "inspect":
        found = inspect(source)
    else:
        found = inspect_subset(source, _share(args.quality), _size(args.size))
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        _show(found)
    return 0


def _source(name: str, settings: list[str]) -> Source:
    from pydantic import ValidationError

    from study.data import SOURCES

    kind = SOURCES.load(name)
    try:
        given = dict(setting.split("=", 1) for setting in settings)
        return kind(kind.Config(name=name, **given))
    except ValidationError as error:
        problems = (f"{name}.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DataError("\n".join(problems)) from error
    except ValueError as error:
        raise DataError(f"--set takes KEY=VALUE, got {' '.join(settings)}") from error


def _share(quality: float) -> float:
    if not 0 < quality <= 1:
        raise DataError(f"--quality must be above 0 and at most 1, got {quality:g}")
    return quality


def _size(text: str | None) -> float | int | None:
    from pydantic import TypeAdapter, ValidationError

    from study.config.fields import Size

    if text is None:
        return None
    try:
        number: float | str = float(text) if "." in text else int(text)
    except ValueError:
        number = text
    try:
        size: float | int | None = TypeAdapter(Size).validate_python(number)
    except ValidationError as error:
        raise DataError(f"--size {error.errors()[0]['msg']}") from error
    return size


def _show(found: dict[str, Any]) -> None:
    from rich.table import Table

    from study.cli.console import table_console

    table = Table(show_header=False, box=None)
    for name, value in found.items():
        for label, text in _lines(name.replace("_", " "), value):
            table.add_row(label, text)
    table_console().print(table)


def _lines(name: str, value: Any) -> list[tuple[str, str]]:
    """One line a fact; a list of rows gets a line a row, headed by its first column."""
    if isinstance(value, list):
        facts = [dict(row) for row in value]
        return [(f"{name}: {row.pop(next(iter(row)))}", _facts(row)) for row in facts]
    return [(name, _facts(value) if isinstance(value, dict) else _plain(value))]


def _facts(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in facts.items()) or "none"


def _plain(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)
