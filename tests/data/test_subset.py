"""Subsets: exact, nested, stable, whatever pieces the pool comes in."""

import numpy as np
import pytest

from study.data.index import Index
from study.data.subset import choose, lowest_kept, subset_size
from study.errors import DataError
from tests.data.subsets import expected, index_of, pool_of

SPECIAL = [None, float("nan"), 0.0, -0.0, float("inf"), float("-inf"), 1e-42, -1e-42, 3.4e38, -3.4e38, 0.25]
SCORES = {
    "normal": lambda rng, rows: rng.normal(0.2, 0.06, rows),
    "ties": lambda rng, rows: rng.choice([0.1, 0.2, 0.30000001, 0.3], rows),
    "equal": lambda rng, rows: np.full(rows, 0.5),
    "around zero": lambda rng, rows: rng.choice([-1.0, -0.0, 0.0, 1.0], rows),
    "special": lambda rng, rows: [SPECIAL[at] for at in rng.integers(len(SPECIAL), size=rows)] + [0.5],
    "mostly unknown": lambda rng, rows: [None, float("nan"), None, 0.1][: max(1, rows)] * -(-rows // 4) + [0.2],
}
UIDS = {
    "any": lambda rng, rows: [rng.bytes(16).hex() for _ in range(rows)],
    "numbered": lambda rng, rows: [f"{number:032x}" for number in rng.permutation(rows)],
    "same second half": lambda rng, rows: [f"{number:016x}{7:016x}" for number in rng.permutation(rows)],
}


@pytest.fixture
def small_steps(monkeypatch):
    """Few rows at a time, so that small pools take the paths of large ones."""
    monkeypatch.setattr("study.data.subset.batches.BATCH", 50)
    monkeypatch.setattr("study.data.subset.choice.BATCH", 50)
    monkeypatch.setattr("study.data.subset.runs.STRIDE", 4)
    monkeypatch.setattr("study.data.subset.runs.BLOCK", 32)


@pytest.fixture(params=["memory", "files"])
def chosen(tmp_path, request, monkeypatch):
    """A function that gives the uids of a subset, each chosen as a new file; parts are where those of few are, or not.

    One process: starting others is tested where parts are files.
    """
    if request.param == "files":
        monkeypatch.setattr("study.data.subset.choice.AT_ONCE", 0)
    made = iter(range(1000))
    return lambda index, quality, pairs: choose(
        index, quality, pairs, tmp_path / f"{next(made)}.npy", processes=1
    ).uids()


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("uids", UIDS)
def test_the_subset_is_that_of_sorting_the_whole_pool(chosen, scores, uids):
    for seed, rows in enumerate((1, 7, 250)):
        rng = np.random.default_rng(seed)
        values = list(SCORES[scores](rng, rows))
        pool = pool_of(values, UIDS[uids](rng, len(values)))
        pool = pool.sample(fraction=1, shuffle=True, seed=seed)
        index = index_of(pool, pieces=int(rng.integers(1, 9)))
        for quality in (1.0, float(rng.uniform(0.05, 0.95))):
            kept = subset_size(pool.height, quality, None)
            for pairs in {None, 1, kept, int(rng.integers(1, kept + 1))}:
                assert chosen(index, quality, pairs) == expected(pool, quality, pairs), (seed, quality, pairs)


@pytest.mark.usefixtures("small_steps")
def test_pieces_in_any_order_give_the_same(chosen):
    pool = pool_of([float(number % 3) for number in range(300)])
    pieces = list(index_of(pool, 7).pieces)
    assert chosen(Index(pieces), 0.4, 50) == chosen(Index(pieces[::-1]), 0.4, 50) == chosen(index_of(pool), 0.4, 50)


def test_a_smaller_size_is_inside_a_larger_one(chosen):
    index = index_of(pool_of([float(number % 7) for number in range(1000)]))
    for quality in (1.0, 0.5):
        sizes = [subset_size(1000, quality, share) for share in (0.25, 0.5, 1.0)]
        quarter, half, whole = (set(chosen(index, quality, size)) for size in sizes)
        assert quarter < half < whole
        assert len(whole) == subset_size(1000, quality, None)


def test_the_best_are_kept_exactly_and_ties_go_by_uid(chosen):
    pool = pool_of([0.5, 0.9, 0.5, 0.5, 0.1, None, float("nan"), 0.5])
    kept = chosen(index_of(pool.sample(fraction=1, shuffle=True, seed=3)), 0.5, None)
    assert kept == [pool["uid"][row] for row in (0, 1, 2, 3)]


def test_unknown_scores_come_last(chosen):
    pool = pool_of([None, 0.1, float("nan"), 0.2])
    assert chosen(index_of(pool), 0.5, None) == [pool["uid"][1], pool["uid"][3]]
    assert chosen(index_of(pool), 0.75, None) == [pool["uid"][row] for row in (0, 1, 3)]


def test_a_subset_is_the_same_on_every_machine(chosen):
    assert [int(uid, 16) for uid in chosen(index_of(pool_of([None] * 20)), 1.0, 5)] == [0, 3, 4, 8, 11]


def test_sizes():
    assert subset_size(1000, 1.0, None) == 1000
    assert subset_size(1000, 0.3, None) == 300
    assert subset_size(1000, 0.3, 0.5) == 150
    assert subset_size(1000, 1.0, 1.0) == 1000
    assert subset_size(1000, 0.3, 1) == 1
    assert subset_size(3, 0.01, 0.01) == 1


def test_more_pairs_than_are_kept(chosen):
    with pytest.raises(DataError, match=r"400 pairs are asked for, but quality 0\.3 keeps 300 of 1000"):
        chosen(index_of(pool_of([0.5] * 1000)), 0.3, 400)


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_quality_without_scores(chosen, unknown):
    index = index_of(pool_of([unknown] * 2))
    with pytest.raises(DataError, match=r"quality 0\.5 needs scores"):
        chosen(index, 0.5, None)
    with pytest.raises(DataError, match="needs scores"):
        lowest_kept(index, 0.5)
    assert len(chosen(index, 1.0, None)) == 2


@pytest.mark.parametrize(
    ("scores", "quality", "lowest"),
    [
        ([0.5, -0.25, 0.75, 1.0], 0.5, 0.75),
        ([0.5, -0.25, 0.75, 1.0], 1.0, -0.25),
        ([0.5, None, 0.75, None], 0.75, 0.5),
        ([float("-inf"), 1.0], 1.0, float("-inf")),
        ([None, None], 1.0, None),
    ],
)
def test_the_lowest_score_kept(scores, quality, lowest):
    assert lowest_kept(index_of(pool_of(scores), 2), quality) == lowest


@pytest.mark.parametrize(("scores", "quality", "pairs"), [([0.5] * 4, 1.0, None), ([1, 2, 2, 2], 0.75, None)])
def test_a_pool_that_repeats_an_id_is_refused(chosen, scores, quality, pairs):
    pool = pool_of(scores, ["0" * 32, "a" * 32, "a" * 32, "b" * 32])
    with pytest.raises(DataError, match="more than once"):
        chosen(index_of(pool, 2), quality, pairs)
