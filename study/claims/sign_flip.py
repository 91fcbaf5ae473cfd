"""The exact sign-flip test of paired differences: no shape of their distribution is assumed but its symmetry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST = 40  # pairs: the sums of each half of them, 2^20 numbers, are kept
ROUNDING = 1e-9  # sums closer than this share of the whole are equal but for rounding


def sign_flip(values: Sequence[float]) -> float:
    """One-sided p-value of "the mean is above 0": the share of all sign choices whose sum is no less than that given.

    If the differences are symmetric around 0, or around less, each choice is as likely as any other (Fisher, 1935, The
    Design of Experiments, section 21), so p is exact, and never below 2^-n: a few pairs cannot say much, whatever
    they are. All 2^n choices are counted, as sums over two halves. Raises ValueError for no values, or more than 40.
    """
    if not 1 <= len(values) <= MOST:
        raise ValueError(f"need 1 to {MOST} values, got {len(values)}")
    half = len(values) // 2
    first, second = _sums(values[:half]), np.sort(_sums(values[half:]))
    least = sum(values) - ROUNDING * sum(map(abs, values))
    reached = len(second) - np.searchsorted(second, least - first)
    return float(reached.sum() / 2.0 ** len(values))


def _sums(values: Sequence[float]) -> NDArray[np.float64]:
    """The sums of the values under all choices of signs: 2^n of them."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums
