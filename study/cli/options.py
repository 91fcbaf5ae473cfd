"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path


def results(parser: argparse.ArgumentParser) -> None:
    """Add ``--results DIR``: where runs and tables live."""
    parser.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR", help="where runs and tables live"
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``: the answer for a program."""
    parser.add_argument("--json", action="store_true", help="print JSON for a program instead of a table")
