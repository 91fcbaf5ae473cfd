"""Filters on a pool that is in memory: images are only opened for what is asked and not known."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

import polars as pl

from study.data.dimensions import dimensions
from study.data.filters import Filters, counts, reasons
from study.data.pixels import Skip
from study.hardware import cpu_threads


def filtered(rows: pl.DataFrame, filters: Filters, read: Callable[[int], bytes]) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows that pass, with the columns they had; and reason -> rows that do not.

    Of ``caption``, and ``width``, ``height`` (pixels, null where not known) and ``image_hash`` if there are such
    columns; ``read`` gives the encoded image of a row, or raises Skip or OSError.
    """
    if filters.asks_nothing:
        return rows, {}
    marked = rows if "width" in rows.columns else rows.with_columns(width=pl.lit(None, pl.Int64), height=pl.lit(None))
    if filters.needs_sizes and marked["width"].has_nulls():
        marked = marked.with_columns(measured(rows.height, read))
    marked = marked.with_row_index("row").with_columns(reasons(filters))
    kept = marked.filter(pl.col("reason").is_null())
    first = kept if filters.unique == "pair" else _first(kept, filters, read)
    left_out = {**counts(marked["reason"]), f"repeated {filters.unique}": kept.height - first.height}
    return rows[first["row"]], {reason: count for reason, count in left_out.items() if count}


def measured(count: int, read: Callable[[int], bytes]) -> list[pl.Series]:
    """``width`` and ``height`` of so many images, pixels, null of those that cannot be read."""

    def sides(row: int) -> tuple[int | None, int | None]:
        return dimensions(content_of(row, read) or b"") or (None, None)

    with ThreadPoolExecutor(cpu_threads()) as threads:
        found = list(threads.map(sides, range(count)))
    widths, heights = zip(*found, strict=True) if found else ((), ())
    return [pl.Series("width", widths, pl.Int64), pl.Series("height", heights, pl.Int64)]


def _first(rows: pl.DataFrame, filters: Filters, read: Callable[[int], bytes]) -> pl.DataFrame:
    """The first row of each caption or image."""
    if filters.unique == "caption":
        return rows.unique("caption", keep="first", maintain_order=True)
    if filters.hash_column is None:
        hashes = [blake2b(_content(row, read), digest_size=16).digest() for row in rows["row"]]
        rows = rows.with_columns(image_hash=pl.Series(hashes, dtype=pl.Binary))
    known = pl.coalesce(pl.col("image_hash").cast(pl.Binary), pl.col("row").cast(pl.String).cast(pl.Binary))
    return rows.with_columns(known.alias("image_hash")).unique("image_hash", keep="first", maintain_order=True)


def content_of(row: int, read: Callable[[int], bytes]) -> bytes | None:
    """The encoded image; none of one that cannot be read."""
    try:
        return read(row)
    except (Skip, OSError):
        return None


def _content(row: int, read: Callable[[int], bytes]) -> bytes:
    """The encoded image; for one that cannot be read, what no other has."""
    content = content_of(row, read)
    return str(row).encode() if content is None else content
