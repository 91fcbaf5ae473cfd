"""Rows of separated cells of which polars cannot read some: a copy in which it can, by the csv module's rules."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from study.data.tables.unfit import Unfit

LARGEST = 1 << 24  # characters of a cell: more is no cell but what follows a quote that nothing ends
SHOWN = 60  # characters of a row

csv.field_size_limit(LARGEST)


def mend(path: Path, separator: str, quote: str | None, copy: Path) -> None:
    """Write all rows to ``copy`` as CSV; of one with more cells than there are columns, none.

    A quote within a cell that does not begin with one is a character like others, and a cell that is not UTF-8 is
    none. Raises ``Unfit`` for names that are not, and for a quote without an end, which may have swallowed other rows.
    """
    with (
        path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file,
        copy.open("w", encoding="utf-8", newline="") as made,
    ):
        rows, write = _rows(file, separator, quote), csv.writer(made, lineterminator="\n").writerow
        names = next(rows, [])
        if any(map(_is_lost, names)):
            raise Unfit("its first line is not UTF-8")
        write(names)
        for row in rows:
            cells = row if len(row) <= len(names) else []
            write(["" if _is_lost(cell) else cell for cell in cells] + [""] * (len(names) - len(cells)))


def _rows(file: Iterator[str], separator: str, quote: str | None) -> Iterator[Sequence[str]]:
    rows = csv.reader(
        file,
        delimiter=separator,
        quotechar=quote,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    line, before = 1, ""
    try:
        for row in rows:
            yield row
            line, before = rows.line_num + 1, separator.join(row)
    except csv.Error as error:
        told = f"behind {before[:SHOWN]!r}" if line > 1 else "at its start"
        words = f"line {line}, {told}, has a quote without an end, or text behind one ({error}); mend or remove it"
        raise Unfit(words) from error


def _is_lost(cell: str) -> bool:
    """Whether some bytes were no text."""
    return any("\udc80" <= character <= "\udcff" for character in cell) if not cell.isascii() else False
