"""Subsets: exact, nested, stable."""

import multiprocessing

import polars as pl
import pytest

from study.data.subset import ensure, select, subset_size
from study.errors import DataError


def pool_of(scores):
    uids = [f"{number:032x}" for number in range(len(scores))]
    return pl.DataFrame({"uid": uids, "score": scores}, schema={"uid": pl.String, "score": pl.Float32})


def test_a_smaller_size_is_inside_a_larger_one():
    pool = pool_of([float(number % 7) for number in range(1000)])
    for quality in (1.0, 0.5):
        sizes = [subset_size(1000, quality, share) for share in (0.25, 0.5, 1.0)]
        quarter, half, whole = (set(select(pool, quality, size)) for size in sizes)
        assert quarter < half < whole
        assert len(whole) == subset_size(1000, quality, None)


def test_the_best_are_kept_exactly_and_ties_go_by_uid():
    pool = pool_of([0.5, 0.9, 0.5, 0.5, 0.1, None, float("nan"), 0.5])
    kept = select(pool.sample(fraction=1, shuffle=True, seed=3), 0.5, None)
    assert kept == [pool["uid"][row] for row in (0, 1, 2, 3)]


def test_unknown_scores_come_last():
    pool = pool_of([None, 0.1, float("nan"), 0.2])
    assert select(pool, 0.5, None) == [pool["uid"][1], pool["uid"][3]]


def test_the_order_of_the_rows_changes_nothing():
    pool = pool_of([float(number % 3) for number in range(300)])
    shuffled = pool.sample(fraction=1, shuffle=True, seed=1)
    assert select(pool, 0.4, 50) == select(shuffled, 0.4, 50) == sorted(select(pool, 0.4, 50))


def test_a_subset_is_the_same_on_every_machine():
    pool = pool_of([None] * 20)
    assert [int(uid, 16) for uid in select(pool, 1.0, 5)] == [0, 3, 4, 8, 11]


def test_sizes():
    assert subset_size(1000, 1.0, None) == 1000
    assert subset_size(1000, 0.3, None) == 300
    assert subset_size(1000, 0.3, 0.5) == 150
    assert subset_size(1000, 1.0, 1.0) == 1000
    assert subset_size(1000, 0.3, 1) == 1
    assert subset_size(3, 0.01, 0.01) == 1


def test_more_pairs_than_are_kept():
    with pytest.raises(DataError, match=r"400 pairs are asked for, but quality 0\.3 keeps 300 of 1000"):
        subset_size(1000, 0.3, 400)


def test_quality_without_scores():
    with pytest.raises(DataError, match="needs scores"):
        select(pool_of([None, None]), 0.5, None)


def test_ensure_writes_one_file_and_reads_it_again(tmp_path, embedded):
    first = ensure(tmp_path, embedded, 1.0, 100)
    (path,) = (tmp_path / "subsets").glob("*.parquet")
    assert path.name == f"{embedded.fingerprint()}-1.0-100.parquet"
    written = path.stat().st_mtime_ns
    assert ensure(tmp_path, embedded, 1.0, 100) == first == select(embedded.pool(), 1.0, 100)
    assert path.stat().st_mtime_ns == written


def test_two_processes_make_one_subset(tmp_path, embedded):
    with multiprocessing.get_context("spawn").Pool(2) as workers:
        one, two = workers.starmap(ensure, [(tmp_path, embedded, 1.0, 50)] * 2)
    assert one == two
    assert len(list((tmp_path / "subsets").glob("*.parquet"))) == 1
