"""What a command tells while it works: standard output is for its answer."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """A line on standard error, at once."""
    print(line, file=sys.stderr, flush=True)
