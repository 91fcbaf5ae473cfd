"""The console that tables are printed on. Import it where it is used: rich takes a while."""

from __future__ import annotations

import sys

from rich.console import Console

PIPED_WIDTH = 160  # columns, where no terminal says


def table_console(*, highlight: bool = False) -> Console:
    """Standard output, as wide as the terminal; wide enough for any table in a pipe or a file."""
    return Console(highlight=highlight, soft_wrap=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
