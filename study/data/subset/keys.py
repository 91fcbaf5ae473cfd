"""What pairs are ordered by, as whole numbers that are smaller for those that come first."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl

from study.data.ids import HEX, texts

SALT = b"study subset 1"  # another salt would give other subsets: it is part of every run's meaning
UNKNOWN = 2**32 - 1  # the key of no score, after that of minus infinity
_SIGN, _MAGNITUDE, _INFINITE = np.uint32(0x80000000), np.uint32(0x7FFFFFFF), np.uint32(0x7F800000)
_BEST, _WORST = ~_INFINITE & _MAGNITUDE, _INFINITE | _SIGN  # of plus and of minus infinity
_KEYED = blake2b(key=SALT, digest_size=8)


def score_keys(scores: pl.Series) -> np.ndarray:
    """uint32 (n,): the smaller, the better the score; equal scores (-0.0 and 0.0) are one, null and NaN ``UNKNOWN``.

    The bits of positive floats grow with them and those of negative ones with their distance from zero (IEEE 754).
    """
    bits = scores.cast(pl.Float32).fill_null(float("nan")).to_numpy().view(np.uint32)
    turned = bits.view(np.int32) >> 31  # all ones for negative scores, which stay as they are
    np.invert(turned, out=turned)
    turned &= 0x7FFFFFFF
    keys = turned.view(np.uint32)
    keys ^= bits
    np.putmask(keys, keys == _SIGN, _MAGNITUDE)  # -0.0 as 0.0
    if len(keys) and (keys.min() < _BEST or keys.max() > _WORST):  # no number lies there
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
