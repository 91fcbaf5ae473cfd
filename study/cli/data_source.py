"""A data source and a subset of it, as the actions of ``study data`` are given them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

from study.cli import options
from study.cli.telling import say
from study.errors import DataError

if TYPE_CHECKING:
    from study.data.source import Source
    from study.records import PluginRef


def source(parser: argparse.ArgumentParser) -> None:
    """Add ``SOURCE``, ``--set`` and ``--results``."""
    parser.add_argument(
        "source", metavar="SOURCE", help="kind of data, as in a grid: webdataset, datacomp, table or embedded"
    )
    parser.add_argument("place", nargs="?", help=argparse.SUPPRESS)  # not taken: told how it is written
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the source, as in a grid, such as shards=DIR; again for a second value; none for none; "
        "docs/data.md has them all",
    )
    options.results(parser)


def subset(parser: argparse.ArgumentParser) -> None:
    """Add ``--quality`` and ``--size``."""
    parser.add_argument(
        "--quality",
        type=options.share(),
        default=1.0,
        metavar="Q",
        help="share kept, best scores first (default 1)",
    )
    parser.add_argument("--size", metavar="N", help="share of these (0.25) or number of pairs (5000, 10M)")


def chosen(args: argparse.Namespace) -> PluginRef:
    """The source with its settings, checked; raises DataError with all that is wrong."""
    from pydantic import ValidationError

    from study.config.messages import words
    from study.data import SOURCES
    from study.records import PluginRef

    if args.source not in SOURCES and Path(args.source).exists():
        raise DataError(_a_path(args.source, SOURCES.names()))
    kind = SOURCES.load(args.source)
    if args.place is not None:
        raise DataError(_as_option(args.place, kind))
    try:
        config = kind.Config(name=args.source, **_given(kind, args.set))
    except ValidationError as error:
        found = error.errors()
        problems = (f"{'.'.join(map(str, [args.source, *e['loc']]))}: {words(kind.Config, e)}" for e in found)
        raise DataError("\n".join(problems)) from error
    except ValueError as error:
        raise DataError(f"--set takes KEY=VALUE, got {' '.join(args.set)}") from error
    options = config.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    return PluginRef(name=args.source, version=kind.version, options=options)


def _given(kind: type[Source], settings: Sequence[str]) -> dict[str, Any]:
    """Options by key, several values as a list; raises ValueError for one without a value."""
    found: dict[str, list[str | None]] = {}
    for setting in settings:
        key, text = setting.split("=", 1)
        if not text:
            raise DataError(f"--set {setting}: there is no value behind the =; none stands for none")
        found.setdefault(key, []).append(_value(kind, key, text))
        if len(found[key]) > 1 and None in found[key]:
            raise DataError(f"--set {key}=none: none stands alone, not beside other values")
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _value(kind: type[Source], key: str, text: str) -> str | None:
    """An option's value; the words for none of documentation and of YAML where the option may have none."""
    field = kind.Config.model_fields.get(key)
    return None if text in ("none", "null") and field and NoneType in get_args(field.annotation) else text


def _a_path(given: str, names: list[str]) -> str:
    option = f"table --set path={given}" if Path(given).is_file() else f"webdataset --set shards={given}"
    return f"{given} is a path; first say what kind of data it is ({', '.join(names)}), such as: {option}"


def _as_option(given: str, kind: type[Source]) -> str:
    """How a place is told to a kind of source: by the option that must be given, or else by its first that is one."""
    fields = kind.Config.model_fields
    places = sorted((name for name in fields if name in kind.places), key=lambda name: not fields[name].is_required())
    name = fields["name"].default
    if not places:
        return f"{given}: {name} lies in the package and takes no place"
    return f"{given}: where the data lies is an option of its source; write {name} --set {places[0]}={given}"


def opened(args: argparse.Namespace) -> Source:
    """The source itself, which tells of what takes long on standard error."""
    from study.data.place import open_source

    source = open_source(chosen(args), args.results, say)
    source.again = True
    return source


def size(text: str | None) -> float | int | None:
    """``--size``; raises DataError for what is neither a share nor a number of pairs."""
    from pydantic import TypeAdapter, ValidationError

    from study.config.fields import Size

    if text is None:
        return None
    try:
        number: float | str = float(text) if "." in text else int(text)
    except ValueError:
        number = text
    try:
        asked: float | int | None = TypeAdapter(Size).validate_python(number)
    except ValidationError as error:
        raise DataError(f"--size {error.errors()[0]['msg']}") from error
    return asked
