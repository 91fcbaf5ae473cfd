"""Pieces of a pool, as many together as are worked on at a time."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate, groupby

from study.data.index import Index, Piece

BATCH = 1 << 19  # pairs, about: what is in a process's memory at a time


def batches(index: Index) -> dict[str, list[Piece]]:
    """Pieces in order, as many together as have about ``BATCH`` pairs, by a name that is that of no other batch."""
    starts = accumulate((piece.pairs for piece in index.pieces), initial=0)
    grouped = groupby(zip(starts, index.pieces, strict=False), key=lambda pair: pair[0] // BATCH)
    found = ([piece for _, piece in group] for _, group in grouped)
    return {_name(batch): batch for batch in found}


def _name(batch: Sequence[Piece]) -> str:
    digest = blake2b(digest_size=16)
    for piece in batch:
        digest.update(f"{piece.pairs} {piece.name}\n".encode())
    return digest.hexdigest()
