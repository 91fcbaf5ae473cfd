"""Tables in text files whose cells are separated."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

import polars as pl

from study.data.damage import DAMAGE
from study.data.tables.quotes import Quotes, quotes_of
from study.data.tables.separated import mend
from study.io import scratch_folder

BLOCK = 1 << 24  # bytes that are looked at together


@contextmanager
def cells(path: Path, separator: str, quotes: bool) -> Iterator[pl.LazyFrame]:
    """All columns as text, null where a cell is not UTF-8; rows with more cells than there are columns are all null.

    Quotes quote cells always (``quotes``), or if all that the file has do. Raises ``Unfit`` where the names are not
    UTF-8, or a quote may have swallowed rows.
    """
    found = quotes_of(path, separator)
    quote = '"' if quotes or found is Quotes.CELLS else None
    known = path.stat()
    strays = quote is not None and found is Quotes.OTHERS
    if not strays and _is_sound(path, separator, quote, known.st_size, known.st_mtime_ns):
        yield pl.scan_csv(path, infer_schema=False, separator=separator, quote_char=quote)
        return
    with scratch_folder() as folder:
        copy = folder / "mended.csv"
        mend(path, separator, quote, copy)
        yield pl.scan_csv(copy, infer_schema=False)


@lru_cache(maxsize=16)
def _is_sound(path: Path, separator: str, quote: str | None, size: int, changed: int) -> bool:
    """Of a state of the file: whether it is UTF-8, and polars reads all of it; of parts it may leave out rows."""
    if not _is_text(path):
        return False
    table = pl.scan_csv(path, infer_schema=False, separator=separator, quote_char=quote)
    try:
        table.select(pl.all().null_count()).collect(engine="streaming")
    except DAMAGE:
        return False
    return True


def _is_text(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            for block in iter(partial(file.read, BLOCK), b""):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
