"""Which chunks of a pool are whose: disjoint, together all, the same for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from study.data.index import Piece

LONGEST = 64  # chunks in a row for one process, so that it stays with a piece


@dataclass(frozen=True)
class Share:
    """The ``index``-th of ``of`` processes."""

    index: int = 0
    of: int = 1


def starts(piece: Piece, chunk: int) -> range:
    """The first rows of a piece's chunks."""
    return range(0, piece.pairs, chunk)


def shared(pieces: Sequence[Piece], chunk: int, share: Share) -> Iterator[tuple[Piece, list[int]]]:
    """Pieces with the chunks that a process is to score in each, in order; runs of chunks take turns."""
    total = sum(len(starts(piece, chunk)) for piece in pieces)
    run = max(1, min(LONGEST, total // (8 * share.of)))
    at = 0
    for piece in pieces:
        own = [
            start for number, start in enumerate(starts(piece, chunk), at) if number // run % share.of == share.index
        ]
        at += len(starts(piece, chunk))
        if own or (not piece.pairs and share.index == 0):
            yield piece, own
