"""Where a table of separated cells goes wrong, for a message: polars says what, not where."""

from __future__ import annotations

import csv
from pathlib import Path

SHOWN = 60  # characters of a row


def first_fault(path: Path, separator: str, quote: str | None) -> str | None:
    """The first row that has more cells than there are columns, or a cell without an end; none where none is found."""
    columns, line = 0, 1
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.reader(
            file,
            delimiter=separator,
            quotechar=quote,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            strict=True,
        )
        try:
            for row in rows:
                columns = columns or len(row)
                if len(row) > columns:
                    return f"line {line} has {len(row)} cells for {columns} columns: {separator.join(row)[:SHOWN]!r}"
                line = rows.line_num + 1
        except csv.Error as error:
            return f"line {line} begins a row whose cells cannot be told apart ({error})"
    return None
