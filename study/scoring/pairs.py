"""The pairs of a piece, whatever the source, and the images of a chunk of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from study.data import Samples, Source
from study.data.index import Piece
from study.data.pixels import decoded
from study.scoring.similarity import Decoded


def uids_of(rows: pl.DataFrame) -> list[str]:
    """The 32 hex digits of ids in halves."""
    halves = rows.select("uid_hi", "uid_lo").to_numpy().astype(">u8")
    text = halves.tobytes().hex()
    return [text[at : at + 32] for at in range(0, len(text), 32)]


def opened(source: Source, piece: Piece) -> Samples:
    """The piece's pairs in its order; raises DataError when it cannot be read."""
    return source.samples(uids_of(piece.read()))


def decoded_chunks(
    samples: Samples, starts: Iterable[int], chunk: int, sizes: set[int]
) -> Iterator[tuple[int, Decoded]]:
    """Chunks with their first rows; the next one is decoded while the caller works on one."""
    with ThreadPoolExecutor(1) as ahead:
        waiting = None
        for start in starts:
            coming = ahead.submit(_decoded, samples, start, chunk, sizes)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = (start, coming)
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def _decoded(samples: Samples, start: int, chunk: int, sizes: set[int]) -> Decoded:
    uids, captions = samples.uids[start : start + chunk], samples.captions[start : start + chunk]
    pixels = {size: decoded(uids, lambda row: samples.read(start + row), size, None) for size in sizes}
    return Decoded(uids, captions, pixels)
