"""The pairs of a piece, whatever the source, and the images of a chunk of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from study.data.index import Piece, uids
from study.data.piece_pairs import pairs_of
from study.data.pixels import Frame, framed
from study.data.samples import Samples
from study.data.source import Source
from study.scoring.similarity import Decoded


def opened(source: Source, piece: Piece) -> Samples:
    """The piece's pairs in its order; raises DataError when it cannot be read."""
    return pairs_of(source, piece, uids(piece.read()))


def decoded_chunks(
    samples: Samples, starts: Iterable[int], chunk: int, frames: set[Frame]
) -> Iterator[tuple[int, Decoded]]:
    """Chunks with their first rows; the next one is decoded while the caller works on one."""
    with ThreadPoolExecutor(1) as ahead:
        waiting = None
        for start in starts:
            coming = ahead.submit(_decoded, samples, start, chunk, frames)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = (start, coming)
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def _decoded(samples: Samples, start: int, chunk: int, frames: set[Frame]) -> Decoded:
    uids, captions = samples.uids[start : start + chunk], samples.captions[start : start + chunk]
    pixels = {frame: framed(len(uids), lambda row: samples.read(start + row), frame) for frame in frames}
    return Decoded(uids, captions, pixels)
