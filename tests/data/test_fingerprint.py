"""What tells pools apart: of ids and scores, in any order and pieces."""

import struct

import numpy as np
import polars as pl
import pytest

from study.data.fingerprint import fingerprint, fingerprint_in_order, fingerprint_of, fingerprint_sum
from study.data.index import halves
from study.errors import StorageError
from tests.data.test_full_disk import room

ONES = 2**64 - 1


@pytest.fixture
def pool():
    rng = np.random.default_rng(3)
    scores = [None if row % 7 == 0 else float(np.float32(rng.normal())) for row in range(200)]
    return pl.DataFrame(
        {"uid": [rng.bytes(16).hex() for _ in scores], "score": scores}, schema_overrides={"score": pl.Float32}
    )


def rows_of(pool):
    return halves(pool["uid"]).with_columns(pool["score"])


def mixed(number):
    """A step of splitmix64, in whole numbers of any size."""
    number = (number + 0x9E3779B97F4A7C15) & ONES
    number = ((number ^ number >> 30) * 0xBF58476D1CE4E5B9) & ONES
    number = ((number ^ number >> 27) * 0x94D049BB133111EB) & ONES
    return number ^ number >> 31


def test_the_sum_is_that_of_the_rows_hashes(pool, monkeypatch):
    monkeypatch.setattr("study.data.fingerprint.CHUNK", 64)
    total = 0
    for hi, lo, score in rows_of(pool).iter_rows():
        bits = 0x7FC00000 if score is None else struct.unpack("<I", struct.pack("<f", score))[0]
        first, second = (mixed(mixed(mixed(mixed(seed) ^ hi) ^ lo) ^ bits) for seed in (1, 2))
        total += (first << 64) + second
    assert fingerprint_sum(rows_of(pool)) == total % 2**128


def test_it_is_what_it_was():
    pool = pl.DataFrame({"uid": ["0" * 32, "f" * 32], "score": pl.Series([0.5, None], dtype=pl.Float32)})
    assert fingerprint_of(2, [fingerprint_sum(rows_of(pool))]) == "7103c2b757bc"
    assert fingerprint(pool) == "d6961623a4cf"


def test_pieces_in_any_order_are_the_pool(pool):
    rows = rows_of(pool)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=1)
    parts = [fingerprint_sum(shuffled[start : start + 30]) for start in range(0, 200, 30)]
    assert sum(parts) % 2**128 == fingerprint_sum(rows)


@pytest.mark.parametrize("change", ["uid", "score", "swap", "unknown"])
def test_pools_that_differ_are_told_apart(pool, change):
    rows = rows_of(pool)
    other = {
        "uid": rows.with_columns(uid_lo=pl.col("uid_lo") ^ 1),
        "score": rows.with_columns(pl.col("score") + 1),
        "swap": rows.with_columns(uid_hi=pl.col("uid_lo"), uid_lo=pl.col("uid_hi")),
        "unknown": rows.with_columns(pl.col("score").fill_null(0.0)),
    }[change]
    assert fingerprint_sum(other) != fingerprint_sum(rows)


@pytest.mark.parametrize("pieces", [1, 3, 200])
def test_a_fingerprint_through_files_is_that_in_memory(pool, tmp_path, monkeypatch, pieces):
    monkeypatch.setattr("study.data.spill.ROWS", 32)
    rows = rows_of(pool)
    parts = [rows[start : start + -(-200 // pieces)] for start in range(0, 200, -(-200 // pieces))]
    assert fingerprint_in_order(parts, 200, tmp_path) == fingerprint(pool)
    assert not list(tmp_path.iterdir())
    with room(64), pytest.raises(StorageError, match="cannot write"):
        fingerprint_in_order(parts, 200, tmp_path)
    assert not list(tmp_path.iterdir())
