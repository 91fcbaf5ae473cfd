"""Rows that say the same as one before them, in a pool of any size: sorted through files, by parts of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROWS = 1 << 22  # sorted at a time, in about 300 MB
_ENTRY = np.dtype([("hi", "<u8"), ("lo", "<u8"), ("piece", "<u4"), ("row", "<u4")])

Keys = tuple[np.ndarray, np.ndarray]  # the halves of 128 bits, uint64 (n,) each


def repeated(pieces: Iterable[Keys], rows: int, scratch: Path) -> dict[int, np.ndarray]:
    """Piece -> its rows, ascending, whose key an earlier row has; ``rows`` is about how many there are in all.

    Keys must be evenly spread, as hashes are. Files are written in ``scratch`` while it works.
    """
    bits = max(0, (rows // ROWS).bit_length())
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        parts = [Path(folder) / str(part) for part in range(1 << bits)]
        _spill(pieces, parts, bits)
        found = [_later(np.fromfile(part, _ENTRY)) for part in parts]
    drops = np.concatenate(found)
    drops = drops[np.lexsort((drops["row"], drops["piece"]))]
    numbers, starts = np.unique(drops["piece"], return_index=True)
    rows_of = np.split(drops["row"].astype(np.int64), starts[1:])
    return {int(number): rows for number, rows in zip(numbers, rows_of, strict=False)}


def _spill(pieces: Iterable[Keys], parts: list[Path], bits: int) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(part.open("wb")) for part in parts]
        for entries in _entries(pieces):
            belongs = entries["hi"] >> np.uint64(64 - bits) if bits else np.zeros(len(entries), np.uint64)
            for number in np.unique(belongs):
                files[int(number)].write(entries[belongs == number].tobytes())


def _entries(pieces: Iterable[Keys]) -> Iterator[np.ndarray]:
    for number, (hi, lo) in enumerate(pieces):
        entries = np.empty(len(hi), _ENTRY)
        entries["hi"], entries["lo"], entries["piece"], entries["row"] = hi, lo, number, np.arange(len(hi))
        yield entries


def _later(entries: np.ndarray) -> np.ndarray:
    """All but the first entry of each key, where entries come in the order of pieces and rows."""
    ordered = entries[np.lexsort((entries["lo"], entries["hi"]))]  # stable
    same = (ordered["hi"][1:] == ordered["hi"][:-1]) & (ordered["lo"][1:] == ordered["lo"][:-1])
    later: np.ndarray = ordered[1:][same]
    return later
