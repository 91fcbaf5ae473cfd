"""How many pairs a subset has: known from the size of its pool alone."""

from __future__ import annotations

from study.errors import DataError


def subset_size(pool_size: int, quality: float, size: float | int | None) -> int:
    """Pairs in a subset: ``round(quality * pool_size)`` are kept, of which a share (float) or a number (int).

    Raises DataError when fewer are kept than asked for.
    """
    kept = max(1, round(quality * pool_size))
    if size is None:
        return kept
    if isinstance(size, float):
        return max(1, round(size * kept))
    if size > kept:
        raise DataError(
            f"{size} pairs are asked for, but quality {quality:g} keeps {kept} of {pool_size}; "
            "ask for fewer pairs or a larger share"
        )
    return size
