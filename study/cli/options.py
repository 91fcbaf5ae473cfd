"""Options that several commands share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from study.errors import StorageError


def results(parser: argparse.ArgumentParser) -> None:
    """Add ``--results DIR``: where runs and tables live."""
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR", help="where runs and tables live"
    )


def hardware(parser: argparse.ArgumentParser) -> None:
    """Add ``--hardware FILE``: devices and prices of the user's own; ``site_path`` of study.config says which."""
    parser.add_argument(
        "--hardware", type=Path, metavar="FILE", help="your devices and prices (default: hardware.yaml, if it is here)"
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``: the answer for a program."""
    parser.add_argument("--json", action="store_true", help="print JSON for a program instead of a table")


def at_least(least: int) -> Callable[[str], int]:
    """The type of an option that is a whole number, ``least`` or more."""

    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
        return int(text)

    return number


def share(*, zero: bool = False) -> Callable[[str], float]:
    """The type of an option that is a share: above 0, or 0 too, and at most 1."""
    least = "at least" if zero else "above"

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (value >= 0 if zero else value > 0) or value > 1:
            raise argparse.ArgumentTypeError(f"must be {least} 0 and at most 1, got {text!r}")
        return value

    return number


def run_folder(given: str, results_root: Path) -> Path:
    """The whole path of a run given by id, folder or spec.json; raises StorageError when it is not there."""
    path = Path(given)
    candidates = [path.parent if path.name == "spec.json" else path, results_root / "runs" / given]
    for folder in candidates:
        if (folder / "spec.json").is_file():
            return folder.absolute()
    raise StorageError(f"no run {given}: neither {candidates[0]} nor {candidates[1]} holds a spec.json")
