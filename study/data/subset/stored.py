"""A chosen subset as its file: a sorted array of ids, which memory need not hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from shutil import copyfileobj

import numpy as np

from study.data.ids import IDS, listed, positions
from study.errors import StorageError
from study.io import write_whole


@dataclass(frozen=True)
class Subset:
    """The ids of a subset, in ``path``: ``IDS`` (n,), sorted, as DataComp's resharder reads them too."""

    path: Path

    @cached_property
    def ids(self) -> np.ndarray:
        """Memory-mapped; raises StorageError when the file is missing or no subset."""
        try:
            ids = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise StorageError(f"cannot read {self.path}: {error}; remove it and run again") from error
        if ids.dtype != IDS or ids.ndim != 1:
            raise StorageError(f"{self.path} holds no sorted ids; remove it and run again")
        return ids  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self.ids)

    def contains(self, hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
        """bool (q,): which of these ids, given as halves of uint64 (q,), are in it."""
        found = self.ids[np.minimum(positions(self.ids, hi, lo), len(self) - 1)]
        return (found["f0"] == hi) & (found["f1"] == lo)  # type: ignore[no-any-return]

    def copy(self, path: Path) -> None:
        """Write the same file elsewhere, whole or not at all; raises StorageError when it cannot be written."""
        with self.path.open("rb") as stored:
            write_whole(path, partial(copyfileobj, stored))

    def uids(self) -> list[str]:
        """All ids as 32 hex digits, sorted; for sets whose ids memory can hold."""
        return listed(self.ids)
