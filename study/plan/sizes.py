"""Bytes in words."""

from __future__ import annotations

_SCALES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"))


def size(count: float) -> str:
    """Three digits and a unit."""
    scale, unit = next(((scale, unit) for scale, unit in _SCALES if count >= scale), _SCALES[-1])
    return f"{count / scale:.3g} {unit}"
