"""Some pairs of one piece of a pool with their images, whatever the source."""

from __future__ import annotations

from collections.abc import Sequence

from study.data.index import Piece, Shard
from study.data.samples import Samples
from study.data.shards.samples import samples_of
from study.data.source import Source


def pairs_of(source: Source, piece: Piece, uids: Sequence[str]) -> Samples:
    """The pairs of these uids, all of this piece, in this order; raises DataError when it cannot be read."""
    if isinstance(piece, Shard):  # looked up there, and not in all of the pool
        return samples_of(uids, [piece], piece.name, None)
    return source.samples_in(piece, uids)
