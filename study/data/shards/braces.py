"""Brace ranges in names of shards, as shells and WebDataset write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from study.errors import DataError

MOST = 1_000_000  # names that one pattern may stand for
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def expand(pattern: str) -> list[str]:
    """``a/{000..002}.tar`` as three names and ``{x,y}.tar`` as two; raises DataError for more than a million."""
    names: list[str] = []
    for name in _expanded(pattern):
        names.append(name)
        if len(names) > MOST:
            raise DataError(f"{pattern} stands for more than {MOST:,} shards; give their folder")
    return names


def _expanded(pattern: str) -> Iterator[str]:
    opened = re.search(r"\{([^{}]*)\}", pattern)
    choices = list(_choices(opened[1])) if opened else []
    if opened is None or not choices:
        yield pattern
        return
    for choice in choices:
        yield from _expanded(pattern[: opened.start()] + choice + pattern[opened.end() :])


def _choices(inside: str) -> Iterator[str]:
    found = _RANGE.fullmatch(inside)
    if found is None:
        yield from inside.split(",") if "," in inside else ()
        return
    first, last = int(found[1]), int(found[2])
    if abs(last - first) >= MOST:
        raise DataError(f"{{{inside}}} stands for more than {MOST:,} shards; give their folder")
    step = 1 if last >= first else -1
    width = len(found[1]) if found[1].startswith("0") or len(found[1]) == len(found[2]) else 0
    for number in range(first, last + step, step):
        yield f"{number:0{width}d}"
