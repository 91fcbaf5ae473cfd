"""The k-th smallest of any number of keys, exactly, by counting: 16 bits of the keys at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

BITS = 16  # counted at a time: 65,536 counts are half a megabyte


class Prefix(NamedTuple):
    """The leading bits of some keys, with the number of bits that follow."""

    value: int
    rest: int

    def longer(self, digit: int) -> Prefix:
        """With the next ``BITS``."""
        return Prefix(self.value << BITS | digit, self.rest - BITS)


class Cut(NamedTuple):
    """The key up to which rows are taken; of those that have it, so many."""

    key: int
    of_equal: int


def counts(keys: np.ndarray, prefix: Prefix) -> np.ndarray:
    """int64 (65536,): how many keys that begin with ``prefix`` go on with each of the next 16 bits."""
    if prefix.rest < 8 * keys.itemsize:
        keys = keys[keys >> keys.dtype.type(prefix.rest) == prefix.value]
    digits = (keys >> keys.dtype.type(prefix.rest - BITS)).astype(np.uint16)
    return np.bincount(digits, minlength=1 << BITS)


def total(parts: Iterable[np.ndarray], prefix: Prefix) -> np.ndarray:
    """``counts`` of keys in parts."""
    return np.sum([counts(keys, prefix) for keys in parts], axis=0)  # type: ignore[no-any-return]


def narrowed(counts: np.ndarray, prefix: Prefix, wanted: int) -> tuple[Prefix, int]:
    """The prefix, a digit longer, of the ``wanted``-th smallest (from 1) of keys with these ``counts`` after it.

    And which it is of the keys that begin so.
    """
    reached = np.cumsum(counts)
    digit = int(np.searchsorted(reached, wanted))
    return prefix.longer(digit), wanted - (int(reached[digit - 1]) if digit else 0)


def cut(count: Callable[[Prefix], np.ndarray], prefix: Prefix, wanted: int) -> Cut:
    """The ``wanted``-th smallest (from 1) of keys that begin so; ``count`` gives their ``counts`` after a prefix."""
    while prefix.rest:
        prefix, wanted = narrowed(count(prefix), prefix, wanted)
    return Cut(prefix.value, wanted)
