"""What the work on a subset has made: arrays in files, or in memory where the pool is small."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Filed:
    """One dimension in a file without a header; ``name`` is that of no other array of the work."""

    name: str
    path: Path
    dtype: np.dtype

    def __len__(self) -> int:
        return self.path.stat().st_size // self.dtype.itemsize

    def read(self, start: int = 0, end: int | None = None) -> np.ndarray:
        """From one position to before another, or to the end."""
        count = -1 if end is None else end - start
        return np.fromfile(self.path, self.dtype, count, offset=start * self.dtype.itemsize)

    def mapped(self) -> np.ndarray:
        """All of it, of which memory has what is looked at; there must be some."""
        return np.memmap(self.path, self.dtype, "r")


@dataclass(frozen=True, eq=False)
class Held:
    """One dimension in memory."""

    name: str
    array: np.ndarray

    def __len__(self) -> int:
        return len(self.array)

    def read(self, start: int = 0, end: int | None = None) -> np.ndarray:
        """A view, not to be written to."""
        return self.array[start:end]

    def mapped(self) -> np.ndarray:
        """All of it."""
        return self.array


Kept = Filed | Held
