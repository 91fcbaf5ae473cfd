"""Subsets that are made once and shared by all runs that use them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from study.data.subset.choice import choose
from study.data.subset.stored import Subset
from study.io import lock

if TYPE_CHECKING:
    from study.data.source import Source


def ensure(results: Path, source: Source, quality: float, pairs: int) -> Subset:
    """The subset in ``results/subsets/FINGERPRINT-QUALITY-PAIRS.npy``; waits while another process makes it.

    Raises DataError for a subset that the pool cannot give and StorageError when the file cannot be written.
    """
    path = results / "subsets" / f"{source.fingerprint()}-{quality}-{pairs}.npy"
    with lock(path.parent / f".{path.name}.lock", wait=True):
        if path.exists():
            return Subset(path)
        return choose(source.index(), quality, pairs, path, source.say)
