"""Quotes in tables of separated cells, some of which are written by rule and some without any."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from pathlib import Path

LONGEST = 1 << 20  # bytes of a row with line breaks in it: more is no row but a quote that nothing ends


class Quotes(Enum):
    """What the quotes of a file are for."""

    NONE = "there are none"
    CELLS = "each belongs to a cell that is quoted"
    OTHERS = "some are text"


def quotes_of(path: Path, separator: str) -> Quotes:
    """Whether fields are quoted, as the csv module, pandas and polars write them.

    So they are if each quote in the file belongs to a field that begins and ends with one and has those inside doubled.
    One in any other place, as in ``12" record``, is of a writer that quotes nothing, as of Conceptual Captions, or of
    one that quotes too little.

    Raises OSError for a file that cannot be read.
    """
    known = path.stat()
    return _quotes(path, separator, known.st_size, known.st_mtime_ns)


@lru_cache(maxsize=16)
def _quotes(path: Path, separator: str, size: int, changed: int) -> Quotes:
    """Of a state of the file."""
    between = re.escape(separator.encode())
    field = rb'(?:"(?:[^"]|"")*"|[^"%b]*)' % between
    by_rule = re.compile(rb"%b(?:%b%b)*\r?\n?" % (field, between, field))
    row, quotes, found = b"", 0, False
    with path.open("rb") as file:
        for line in file:
            if not quotes and b'"' not in line:
                continue
            row, quotes, found = row + line, quotes + line.count(b'"'), True
            if quotes % 2 == 0:
                if not by_rule.fullmatch(row):
                    return Quotes.OTHERS
                row, quotes = b"", 0
            elif len(row) > LONGEST:
                return Quotes.OTHERS
    if quotes:
        return Quotes.OTHERS
    return Quotes.CELLS if found else Quotes.NONE
