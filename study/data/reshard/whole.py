"""Whether a shard that is there is the one that is to be written: by its pairs, never by its name."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from study.data.pixels import PASSING, Skip
from study.data.reshard.kept import Pieces
from study.data.reshard.shard import COLUMNS, FAILED, Shard
from study.errors import StorageError
from study.io import read_parquet


def is_whole(shard: Shard, pieces: Pieces, places: Sequence[tuple[int, int]]) -> bool:
    """Whether it has these pairs in this order, by piece and place, and all images of them that can be read.

    Images that failed for what may have passed since are tried again; raises UnansweredError as reading does.
    """
    rows = _rows(shard)
    if rows is None or rows["uid"].to_list() != [pieces.uids(piece)[place] for piece, place in places]:
        return False
    failed = (pl.col("status") == FAILED) & pl.col("error_message").is_in(list(PASSING))
    again = rows.with_row_index("row").filter(failed)["row"]
    return not any(_can_be_read(pieces, *places[row]) for row in again)


def _rows(shard: Shard) -> pl.DataFrame | None:
    if not shard.is_there:
        return None
    try:
        rows = read_parquet(shard.table)
    except StorageError:
        return None
    keys = [f"{shard.tar.stem}{number:06d}" for number in range(rows.height)]
    return rows if rows.schema == COLUMNS and rows["key"].to_list() == keys else None


def _can_be_read(pieces: Pieces, piece: int, place: int) -> bool:
    try:
        pieces.kept(piece).samples.read(place)
    except (Skip, OSError):
        return False
    return True
