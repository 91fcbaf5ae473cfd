"""More rows than memory holds, by their keys: divided by the keys' first bits, a file each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from study.data.ids import order

ROWS = 1 << 22  # sorted at a time, in about 300 MB


def in_key_order(chunks: Iterable[np.ndarray], rows: int, kind: np.dtype, scratch: Path) -> Iterator[np.ndarray]:
    """The rows of all chunks by (f0, f1), equal ones as they came, in parts that go together from first to last.

    As ``divided``; ``kind`` has the second halves of the keys as f1.
    """
    for part in divided(chunks, rows, kind, scratch, ROWS):
        yield part[order(part["f0"], part["f1"])]


def divided(
    chunks: Iterable[np.ndarray], rows: int, kind: np.dtype, scratch: Path, at_a_time: int
) -> Iterator[np.ndarray]:
    """The rows of all chunks in parts of about so many, any key of a part before any of the next; within one as came.

    ``kind`` has the keys, or their first halves, as f0, uint64, which must be evenly spread, as hashes are. ``rows`` is
    about how many there are. Files are written in ``scratch`` meanwhile, where they are more than one part.
    """
    bits = (rows // at_a_time).bit_length()
    if not bits:
        yield np.concatenate([np.empty(0, kind), *chunks])
        return
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        parts = [Path(folder) / str(part) for part in range(1 << bits)]
        _divide(chunks, parts, bits)
        for part in parts:
            found = np.fromfile(part, kind)
            part.unlink()
            yield found


def _divide(chunks: Iterable[np.ndarray], parts: list[Path], bits: int) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(part.open("wb")) for part in parts]
        for chunk in chunks:
            belongs = chunk["f0"] >> np.uint64(64 - bits)
            for number in np.unique(belongs):
                files[int(number)].write(chunk[belongs == number].tobytes())
