"""More rows than memory holds, by their keys: divided by the keys' leading bits, a file each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from study.data.ids import order
from study.io import scratch_folder

ROWS = 1 << 22  # sorted at a time, in about 300 MB
MOST_BITS = 7  # of files that are open at a time, 128
CHUNK = 1 << 20  # rows of a file that are read at a time to divide it again


class Range(NamedTuple):
    """Keys whose halves called ``name`` begin at ``least`` and take so many ``bits`` from there."""

    name: str
    least: int
    bits: int


def in_key_order(chunks: Iterable[np.ndarray], rows: int, kind: np.dtype, scratch: Path) -> Iterator[np.ndarray]:
    """The rows of all chunks by (f0, f1), equal ones as they came, in parts that go together from first to last.

    As ``divided``; ``kind`` has the second halves of the keys as f1.
    """
    for part in divided(chunks, rows, kind, scratch, ROWS):
        yield part[order(part["f0"], part["f1"])]


def divided(
    chunks: Iterable[np.ndarray], rows: int, kind: np.dtype, scratch: Path, at_a_time: int
) -> Iterator[np.ndarray]:
    """The rows of all chunks in parts of at most so many, any key of a part before any of the next; within one as came.

    ``kind`` has the keys as f0 and f1, uint64, or their first halves alone. ``rows`` is about how many there are. A
    part is larger where as many rows have the same key. Files are written in ``scratch`` meanwhile, where there is more
    than one part; raises StorageError when they cannot be.
    """
    if rows <= at_a_time:
        yield np.concatenate([np.empty(0, kind), *chunks])
        return
    with scratch_folder(scratch) as folder:
        files = _divide(chunks, Range("f0", 0, 64), rows // at_a_time, folder)
        yield from _parts(files, kind, at_a_time)


def _parts(files: list[Path], kind: np.dtype, at_a_time: int) -> Iterator[np.ndarray]:
    for file in files:
        rows = file.stat().st_size // kind.itemsize
        spread = _spread(file, kind) if rows > at_a_time else None
        if spread is None:
            found = np.fromfile(file, kind)
            file.unlink()
            yield found
        else:
            again = _divide(_read(file, kind), spread, rows // at_a_time, file.with_name(f"{file.name}-"))
            file.unlink()
            yield from _parts(again, kind, at_a_time)


def _spread(file: Path, kind: np.dtype) -> Range | None:
    """Where the keys of a file are; None where all are the same."""
    for name in ("f0", "f1"):
        if name in (kind.names or ()):
            least, most = 2**64, 0
            for rows in _read(file, kind):
                least, most = min(least, int(rows[name].min())), max(most, int(rows[name].max()))
            if most > least:
                return Range(name, least, (most - least).bit_length())
    return None


def _read(file: Path, kind: np.dtype) -> Iterator[np.ndarray]:
    size = file.stat().st_size // kind.itemsize
    for start in range(0, size, CHUNK):
        yield np.fromfile(file, kind, CHUNK, offset=start * kind.itemsize)


def _divide(chunks: Iterable[np.ndarray], spread: Range, parts: int, folder: Path) -> list[Path]:
    """Files of the rows, in the order of their keys, in a folder: about as many as ``parts``, if not too many."""
    folder.mkdir(exist_ok=True)
    bits = min(parts.bit_length(), MOST_BITS, spread.bits)
    files = [folder / str(part) for part in range(1 << bits)]
    with ExitStack() as stack:
        opened = [stack.enter_context(file.open("wb")) for file in files]
        for chunk in chunks:
            keys = chunk[spread.name] - np.uint64(spread.least)
            belongs = (keys >> np.uint64(spread.bits - bits)).astype(np.uint8)
            rows = np.argsort(belongs, kind="stable")
            ends = np.cumsum(np.bincount(belongs, minlength=len(files)))
            for file, here in zip(opened, np.split(rows, ends[:-1]), strict=True):
                file.write(chunk.take(here).tobytes())
    return files
