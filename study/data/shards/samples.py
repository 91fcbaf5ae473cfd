"""Some pairs of a pool of shards, whose images are read by ranges of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import polars as pl

from study.data.index import HALVES, MEMBERS, Shard, halves
from study.data.pixels import MISSING, Skip
from study.data.samples import Samples, rows_of
from study.data.shards import tries
from study.data.shards.address import fault, hidden, is_remote, read_range
from study.errors import UnansweredError


def samples_of(wanted: Sequence[str], pieces: Sequence[Shard], source: str, cache: Path | None) -> Samples:
    """The pairs of these uids in this order; raises DataError for one that no piece has.

    Reading one raises Skip when its shard is gone, OSError when a local one cannot be read, and the DataError of its
    store when that does not answer after all tries, or refuses: that says nothing of the pair.
    """
    ids = pl.Series("uid", list(wanted), pl.String).unique()
    asked = halves(ids).with_columns(ids)
    known = pl.concat([_found(piece, number, asked) for number, piece in enumerate(pieces)])
    rows = rows_of(wanted, known, source)
    addresses = [pieces[number].address for number in rows["piece"]]
    places = list(zip(addresses, rows["offset"], rows["size"], strict=True))
    sizes = rows["size"].to_numpy().tobytes()  # ids need not be of content: these tell pools downloaded anew apart
    return Samples(wanted, rows["caption"].to_list(), lambda row: _image(*places[row]), cache, sizes)


def _found(piece: Shard, number: int, asked: pl.DataFrame) -> pl.DataFrame:
    """``uid``, ``MEMBERS`` and ``piece`` of the pairs of one piece that are asked for."""
    some = piece.read().join(asked, on=list(HALVES), how="semi").height > 0  # most pieces have none of a few pairs
    members = piece.members() if some else pl.DataFrame(schema={**HALVES, **MEMBERS})
    found = members.join(asked, on=list(HALVES))
    return found.select("uid", *MEMBERS, pl.lit(number).alias("piece"))


def _image(address: str, offset: int, size: int) -> bytes:
    try:
        return tries.tried(partial(read_range, address, offset, size), partial(_may_pass, address), tries.WAITS)
    except FileNotFoundError as error:
        if not hidden(error):
            raise Skip(MISSING) from error
        raise fault(address, error) from error
    except OSError as error:
        if not is_remote(address):
            raise
        raise fault(address, error) from error


def _may_pass(address: str, error: Exception) -> bool:
    return isinstance(fault(address, error), UnansweredError)
