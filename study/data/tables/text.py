"""Tables in text files whose cells are separated, in UTF-8 but for cells that are not."""

from __future__ import annotations

import codecs
from functools import lru_cache, partial
from pathlib import Path

import polars as pl

BLOCK = 1 << 24  # bytes that are looked at together
LOST = "\ufffd"  # stands for bytes that are no text


def cells(path: Path, separator: str, quote: str | None) -> pl.LazyFrame:
    """All columns as text, null where a cell is not UTF-8; raises polars' error where the names are not."""
    scan = partial(pl.scan_csv, path, infer_schema=False, separator=separator, quote_char=quote)
    known = path.stat()
    if _is_text(path, known.st_size, known.st_mtime_ns):
        return scan()
    table = scan(encoding="utf8-lossy")
    if LOST in "".join(table.collect_schema().names()):
        raise pl.exceptions.ComputeError("its first line is not UTF-8")
    return without_lost(table)


def without_lost(table: pl.LazyFrame) -> pl.LazyFrame:
    """Text in which bytes were no text becomes null."""
    text = pl.col(pl.String)
    return table.with_columns(pl.when(~text.str.contains(LOST, literal=True)).then(text).name.keep())


@lru_cache(maxsize=16)
def _is_text(path: Path, size: int, changed: int) -> bool:
    """Of a state of the file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            for block in iter(partial(file.read, BLOCK), b""):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
