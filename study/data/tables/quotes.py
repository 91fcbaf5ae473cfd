"""Quotes in tables between tabs, some of which are written as CSV is and some without any rule."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

LONGEST = 1 << 20  # bytes of a row with line breaks in it: more is no row but a quote that nothing ends
_FIELD = rb'(?:"(?:[^"]|"")*"|[^"\t]*)'
_ROW = re.compile(rb"%b(?:\t%b)*\r?\n?" % (_FIELD, _FIELD))


def quote_of(path: Path) -> str | None:
    """The character that quotes fields of a tab-separated table; none where quotes are characters like others.

    Fields are quoted, as the csv module, pandas and polars write them, if each quote in the file belongs to a field
    that is: one that begins and ends with a quote and has those inside doubled. One in any other place, as in
    ``12" record``, is of a writer that quotes nothing, as of Conceptual Captions.

    Raises OSError for a file that cannot be read.
    """
    known = path.stat()
    return '"' if _is_quoted(path, known.st_size, known.st_mtime_ns) else None


@lru_cache(maxsize=16)
def _is_quoted(path: Path, size: int, changed: int) -> bool:
    """Of a state of the file; false for one without quotes."""
    row, quotes, found = b"", 0, False
    with path.open("rb") as file:
        for line in file:
            if not quotes and b'"' not in line:
                continue
            row, quotes, found = row + line, quotes + line.count(b'"'), True
            if quotes % 2 == 0:
                if not _ROW.fullmatch(row):
                    return False
                row, quotes = b"", 0
            elif len(row) > LONGEST:
                return False
    return found and not quotes
