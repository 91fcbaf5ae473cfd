"""More rows than memory holds, in the order of 128-bit keys: divided by the keys' first bits, a file each."""

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

    ``kind`` has the halves of the keys as f0 and f1, uint64; keys must be evenly spread, as hashes are. ``rows`` is
    about how many there are. Files are written in ``scratch`` meanwhile.
    """
    bits = (rows // ROWS).bit_length()
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        parts = [Path(folder) / str(part) for part in range(1 << bits)]
        _divide(chunks, parts, bits)
        for part in parts:
            found = np.fromfile(part, kind)
            part.unlink()
            yield found[order(found["f0"], found["f1"])]


def _divide(chunks: Iterable[np.ndarray], parts: list[Path], bits: int) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(part.open("wb")) for part in parts]
        for chunk in chunks:
            belongs = chunk["f0"] >> np.uint64(64 - bits) if bits else np.zeros(len(chunk), np.uint64)
            for number in np.unique(belongs):
                files[int(number)].write(chunk[belongs == number].tobytes())
