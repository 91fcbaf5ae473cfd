"""What pairs are ordered by, as whole numbers that are smaller for those that come first."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl

from study.data.subset.ids import HEX, texts

SALT = b"study subset 1"  # another salt would give other subsets: it is part of every run's meaning
UNKNOWN = 2**32 - 1  # the key of no score, after that of minus infinity
_SIGN, _MAGNITUDE, _INFINITE = np.uint32(0x80000000), np.uint32(0x7FFFFFFF), np.uint32(0x7F800000)
_KEYED = blake2b(key=SALT, digest_size=8)


def score_keys(scores: pl.Series) -> np.ndarray:
    """uint32 (n,): the smaller, the better the score; equal scores (-0.0 and 0.0) are one, null and NaN ``UNKNOWN``.

    The bits of positive floats grow with them and those of negative ones with their distance from zero (IEEE 754).
    """
    bits = scores.cast(pl.Float32).fill_null(float("nan")).to_numpy().view(np.uint32)
    keys = bits ^ (~(bits.view(np.int32) >> 31) & 0x7FFFFFFF).view(np.uint32)
    np.putmask(keys, bits == _SIGN, _MAGNITUDE)  # as 0.0
    np.putmask(keys, bits & _MAGNITUDE > _INFINITE, UNKNOWN)
    return keys


def score_of(key: int) -> float | None:
    """The score that a key stands for."""
    if key == UNKNOWN:
        return None
    number = np.uint32(key)
    return float((number if number > _SIGN else ~number & _MAGNITUDE).view(np.float32))


def placements(ids: np.ndarray) -> np.ndarray:
    """uint64 (n,): where a stable hash puts each id; of any pool, the first by it are a random part."""
    text, begin, digests = texts(ids), _KEYED.copy, []
    for start in range(0, len(text), HEX):
        state = begin()  # a copy of the keyed state costs less than a new one
        state.update(text[start : start + HEX])
        digests.append(state.digest())
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)
