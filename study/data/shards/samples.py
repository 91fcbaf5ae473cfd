"""Some pairs of a pool of shards, whose images are read by ranges of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from study.data.index import Shard, uids
from study.data.pixels import MISSING, Skip
from study.data.shards.address import read_range
from study.data.source import Samples, rows_of


def members_of(pieces: Sequence[Shard]) -> pl.DataFrame:
    """The members of all pieces with their ``uid`` in hexadecimal and the number of their ``piece``."""
    tables = (piece.members().with_columns(pl.lit(number).alias("piece")) for number, piece in enumerate(pieces))
    rows = pl.concat(list(tables))
    return rows.with_columns(pl.Series("uid", uids(rows), pl.String))


def samples_of(wanted: Sequence[str], pieces: Sequence[Shard], source: str, cache: Path | None) -> Samples:
    """The pairs of these uids in this order; raises DataError for one that no piece has."""
    rows = rows_of(wanted, members_of(pieces).drop("uid_hi", "uid_lo"), source)
    addresses = [pieces[number].address for number in rows["piece"]]
    places = list(zip(addresses, rows["offset"], rows["size"], strict=True))
    return Samples(wanted, rows["caption"].to_list(), lambda row: _image(*places[row]), cache)


def _image(address: str, offset: int, size: int) -> bytes:
    try:
        return read_range(address, offset, size)
    except FileNotFoundError as error:
        raise Skip(MISSING) from error
