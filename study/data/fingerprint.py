"""What tells pools apart: a few digits over the ids and scores of their pairs, in any order and in any pieces."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b, sha256
from pathlib import Path

import numpy as np
import polars as pl

from study.data.ids import HEX, texts
from study.data.index import SCORED, scored_ids
from study.data.spill import in_key_order
from study.io import scratch_folder

SEEDS = (1, 2)  # of the two halves of a row's 128 bits
CHUNK = 1 << 15  # rows whose arrays stay in a processor's cache
_NO_SCORE = np.uint32(0x7FC00000)
# Of splitmix64 (Steele, Lea and Flood, 2014, "Fast splittable pseudorandom number generators", figure 16).
_STEP = np.uint64(0x9E3779B97F4A7C15)
_ROUNDS = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)), (31, np.uint64(1)))


def fingerprint_sum(rows: pl.DataFrame) -> int:
    """The sum modulo 2**128 of a hash of (uid, score) over the rows of ``index.COLUMNS``.

    The hash of a row is two numbers of 64 bits, one a seed: h = mix(seed), then h = mix(h ^ word) for the halves of
    the id and the bits of the score (float32; no score is a NaN of bits 7fc00000), where mix is a step of splitmix64.
    It tells apart what differs by chance; nobody gains by pools that are made to look the same. Sums of pieces add up
    to that of their pool in whatever order and pieces its rows come.
    """
    hi, lo = rows["uid_hi"].to_numpy(), rows["uid_lo"].to_numpy()
    scores = rows["score"].cast(pl.Float32).fill_null(float("nan")).to_numpy()
    bits = np.where(np.isnan(scores), _NO_SCORE, scores.view(np.uint32)).astype(np.uint64)
    total = 0
    for start in range(0, rows.height, CHUNK):
        words = [column[start : start + CHUNK] for column in (hi, lo, bits)]
        first, second = (_sum(_hashed(seed, words)) for seed in SEEDS)
        total += (first << 64) + second
    return total % 2**128


def fingerprint_of(pairs: int, sums: Iterable[int]) -> str:
    """12 hex digits over a pool's size and the sums of its pieces."""
    total = sum(sums) % 2**128
    return blake2b(pairs.to_bytes(8, "big") + total.to_bytes(16, "big"), digest_size=6).hexdigest()


def _hashed(seed: int, words: list[np.ndarray]) -> np.ndarray:
    """uint64 (n,) of as many words each."""
    hashed = _mixed(np.full(len(words[0]), seed, np.uint64))
    for word in words:
        hashed = _mixed(hashed ^ word)
    return hashed


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """A step of splitmix64 from each number: of 64 bits, each of which depends on all of the number's."""
    mixed = numbers + _STEP
    for shift, factor in _ROUNDS:
        mixed ^= mixed >> np.uint64(shift)
        mixed *= factor
    return mixed


def _sum(numbers: np.ndarray) -> int:
    """Exactly, of at most 2**32 numbers."""
    upper, lower = numbers >> np.uint64(32), numbers & np.uint64(0xFFFFFFFF)
    return (int(upper.sum()) << 32) + int(lower.sum())


def fingerprint(pool: pl.DataFrame) -> str:
    """12 hex digits of SHA-256 over sorted ids and their scores as little-endian float32, NaN for null."""
    ordered = pool.sort("uid")
    scores = ordered["score"].cast(pl.Float32).fill_null(float("nan")).to_numpy()
    digest = sha256("\n".join(ordered["uid"]).encode())
    digest.update(scores.astype("<f4").tobytes())
    return digest.hexdigest()[:12]


def fingerprint_in_order(pieces: Iterable[pl.DataFrame], pairs: int, scratch: Path) -> str:
    """``fingerprint`` of a pool in pieces of ``index.COLUMNS``, sorted through files in ``scratch``."""
    digest, separator = sha256(), b""
    with scratch_folder(scratch) as folder, (folder / "scores").open("w+b") as scores:
        for part in in_key_order(map(scored_ids, pieces), pairs, SCORED, scratch):
            if len(part):
                digest.update(separator + _lines(part))
                separator = b"\n"
            scores.write(np.ascontiguousarray(part["score"]).tobytes())
        scores.seek(0)
        while content := scores.read(1 << 20):
            digest.update(content)
    return digest.hexdigest()[:12]


def _lines(ids: np.ndarray) -> bytes:
    """A line an id, without the end of the last."""
    lines = np.full((len(ids), HEX + 1), ord("\n"), np.uint8)
    lines[:, :HEX] = np.frombuffer(texts(ids), np.uint8).reshape(-1, HEX)
    return lines.tobytes()[:-1]
