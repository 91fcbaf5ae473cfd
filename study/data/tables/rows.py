"""Rows of a table as pairs: which are usable, their ids, and their images."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import polars as pl

from study.data.decoding import TOO_LARGE, UNREADABLE
from study.data.decoding.skip import MAX_BYTES
from study.data.ids import ID
from study.data.pixels import MISSING, OUTSIDE, Skip
from study.data.shards.row import LONGEST, NO_ID, NO_NUMBER, TOO_LONG
from study.errors import DataError

UNUSABLE = "no image or no caption"


def with_problems(rows: pl.DataFrame, path: Path, uid_column: str | None) -> pl.DataFrame:
    """Rows with ``problem``: why one is no pair, null where it is one.

    Raises DataError for a column of ids that holds none.
    """
    caption, is_id = pl.col("caption"), pl.col("uid").fill_null("").str.contains(ID)
    problem = (
        pl.when(pl.col("image").is_null() | (caption.fill_null("").str.strip_chars() == ""))
        .then(pl.lit(UNUSABLE))
        .when(caption.str.len_bytes() > LONGEST)
        .then(pl.lit(TOO_LONG))
        .when(pl.col("score").is_infinite())
        .then(pl.lit(NO_NUMBER))
        .when(pl.lit(uid_column is not None) & ~is_id)
        .then(pl.lit(NO_ID))
    )
    found = rows.with_columns(problem.alias("problem"))
    bad = found.filter(pl.col("problem") == NO_ID)
    if bad.height and found["problem"].null_count() == 0:
        raise DataError(f"{path}: column {uid_column!r} must hold 32 hex digits (0-9, a-f), got {bad['uid'][0]!r}")
    return found


def with_ids(pairs: pl.DataFrame, uid_column: str | None) -> pl.DataFrame:
    """Pairs with ``uid``: the column's, or without one a hash of image (path or bytes) and caption."""
    return pairs.with_columns(_uids(pairs)) if uid_column is None else pairs


def check_repeats(repeats: int, path: Path, uid_column: str | None) -> None:
    """Raises DataError where ids of the user's own are repeated: they tell pairs apart."""
    if uid_column is not None and repeats:
        raise DataError(f"{path}: column {uid_column!r} repeats {repeats} of its ids; each pair needs an id of its own")


def image_of(image: str | bytes, root: Path) -> bytes:
    """The encoded image; Skip when there is none or its path leads out of the root, else OSError."""
    if isinstance(image, bytes):
        return image
    try:
        path = (root / image).resolve()
        if not path.is_relative_to(root):
            raise Skip(OUTSIDE)
        if not path.is_file():  # a pipe would wait for a writer, and a device may give bytes without end
            raise Skip(MISSING)
        if path.stat().st_size > MAX_BYTES:
            raise Skip(TOO_LARGE)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Skip(MISSING) from error
    except ValueError as error:  # a path that no file can have
        raise Skip(UNREADABLE) from error


def _uids(rows: pl.DataFrame) -> pl.Series:
    pairs = zip(rows["image"], rows["caption"], strict=True)
    return pl.Series("uid", [_uid(image, caption) for image, caption in pairs], pl.String)


def _uid(image: str | bytes, caption: str) -> str:
    content = image.encode() if isinstance(image, str) else image
    return blake2b(content + b"\0" + caption.encode(), digest_size=16).hexdigest()
