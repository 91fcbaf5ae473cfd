"""What is known of a pool of shards, to look at before anything is planned."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import polars as pl

from study.data.index import Piece, uids
from study.data.shards.address import open_file
from study.data.shards.beside import Beside
from study.data.shards.pieces import Picked
from study.data.shards.row import LONGEST
from study.data.shards.tar import CutShortError, DamagedError, members

DESCRIBED = 1_000_000  # pairs


def described(pieces: Sequence[Piece], seed: int = 0) -> pl.DataFrame:
    """``uid``, ``split``, ``caption``, ``noise``, ``score``, ``width``, ``height`` and ``bytes`` of pairs."""
    shards = [piece for piece in pieces if isinstance(piece, Picked)]
    random.Random(seed).shuffle(shards)
    tables, pairs = [shards[0].details()], shards[0].pairs
    for piece in shards[1:]:
        if pairs >= DESCRIBED:
            break
        tables.append(piece.details())
        pairs += piece.pairs
    rows = pl.concat(tables)
    image = pl.when(pl.col("image_hi").is_not_null()).then(pl.struct("image_hi", "image_lo")).alias("image")
    known = rows.select("caption", "score", "width", "height", pl.col("size").alias("bytes"), image)
    return known.with_columns(
        uid=pl.Series(uids(rows), dtype=pl.String), split=pl.lit("train"), noise=pl.lit("unknown")
    )


def columns_of(shard: Beside) -> list[str]:
    """Columns of the tables beside a shard, and fields of its first sample's .json."""
    names = {name for table in shard.tables() for name in table.columns}
    return sorted({*names, *_json_fields(shard.shard.address)})


def _json_fields(address: str) -> list[str]:
    try:
        with open_file(address) as file:
            for member in members(file):
                if member.name.endswith(".json") and member.size <= LONGEST:
                    known = json.loads(file.read(member.size))
                    return list(known) if isinstance(known, dict) else []
    except (CutShortError, DamagedError, ValueError, OSError):
        pass  # the index says what is wrong with a shard
    return []
