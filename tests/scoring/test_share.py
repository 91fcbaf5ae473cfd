"""Chunks are shared out so that each is one process's, whatever the sizes of pieces."""

from dataclasses import dataclass

import pytest

from study.data.index import Piece
from study.scoring.share import Share, shared, starts


@dataclass(frozen=True)
class Sized(Piece):
    called: str
    rows: int

    @property
    def name(self):
        return self.called

    @property
    def pairs(self):
        return self.rows

    def read(self):
        raise AssertionError("sharing out needs no data")


@pytest.mark.parametrize("sizes", [[1], [0], [5, 0, 17, 4, 1], [1000, 3], [4] * 100])
@pytest.mark.parametrize("of", [1, 2, 3, 8])
def test_shares_are_disjoint_and_complete(sizes, of):
    pieces = [Sized(str(number), size) for number, size in enumerate(sizes)]
    found = [
        (piece.name, start)
        for index in range(of)
        for piece, own in shared(pieces, 4, Share(index, of))
        for start in own
    ]
    assert sorted(found) == sorted((piece.name, start) for piece in pieces for start in starts(piece, 4))


def test_an_empty_piece_is_one_process_to_write():
    owners = [index for index in range(3) if list(shared([Sized("empty", 0)], 4, Share(index, 3)))]
    assert owners == [0]


def test_a_large_pool_is_shared_out_evenly():
    pieces = [Sized(str(number), 100) for number in range(50)]
    counts = [sum(len(own) for _, own in shared(pieces, 1, Share(index, 3))) for index in range(3)]
    assert max(counts) - min(counts) <= 64
