"""Differences and their spread, by hand."""

import math

import pytest

from study.compare.gap import PAIRED, WELCH, gap, welch
from study.summary.changes import HIGHER, IDENTICAL, LOWER, ONE_SEED, SAME
from study.summary.paired import difference


def test_the_same_seeds_are_compared_in_pairs_whatever_their_order():
    found = gap([0.1, 0.2, 0.3], [0, 1, 2], [0.33, 0.11, 0.22], [2, 0, 1])
    by_hand = difference({0: 0.01, 1: 0.02, 2: 0.03}, dict.fromkeys(range(3), 0.0))
    assert (found.method, found.freedom) == (PAIRED, 2)
    assert (found.mean, found.low, found.high, found.p) == pytest.approx(
        (0.02, by_hand.low, by_hand.high, by_hand.p), rel=1e-9
    )
    assert found.error == pytest.approx(0.01 / math.sqrt(3))


def test_other_seeds_are_two_samples():
    # variances 1 and 4 of three values each: squared error 5/3, freedom (5/3)^2 / ((1/3)^2/2 + (4/3)^2/2) = 50/17
    found = gap([1.0, 2.0, 3.0], [0, 1, 2], [4.0, 6.0, 8.0], [0, 1, 7])
    assert (found.method, found.mean) == (WELCH, 4.0)
    assert (found.error, found.freedom) == pytest.approx((math.sqrt(5 / 3), 50 / 17))
    assert found.low + found.high == pytest.approx(8.0)
    assert 2.353 < (found.high - found.low) / 2 / found.error < 2.920  # Student's t for 3 and 2 degrees of freedom


@pytest.mark.parametrize("seeds", [[None, None], [0, 0]])
def test_seeds_that_are_not_known_or_occur_twice_make_no_pairs(seeds):
    assert gap([0.1, 0.2], seeds, [0.2, 0.4], seeds).method == WELCH


def test_the_least_difference_that_would_be_told():
    found = gap([0.0, 0.0, 0.0], [0, 1, 2], [0.01, 0.02, 0.03], [0, 1, 2])
    p, n = 0.05 / 10, 2  # ten tests at 10 %, two-sided; the quantile of t with two degrees of freedom in closed form
    t = (1 - 2 * p) * math.sqrt(2 / (4 * p * (1 - p)))
    assert found.seen_from(10) == pytest.approx(t * found.error)
    assert found.freedom == n


def test_verdicts():
    higher = gap([0.1, 0.2, 0.3], [0, 1, 2], [0.2, 0.3001, 0.3999], [0, 1, 2])
    assert [higher.verdict(p) for p in (0.01, 0.2, None)] == [HIGHER, SAME, SAME]
    assert gap([0.2, 0.3001], [0, 1], [0.1, 0.2], [0, 1]).verdict(0.01) == LOWER
    assert gap([0.1], [0], [0.2], [0]).verdict(None) == ONE_SEED
    assert gap([0.1, 0.2], [0, 1], [0.2], [0]).verdict(None) == ONE_SEED


def test_identical_is_run_by_run():
    assert gap([0.1, 0.2], [0, 1], [0.1, 0.2], [0, 1]).verdict(1.0) == IDENTICAL
    assert gap([0.1], [None], [0.1], [None]).verdict(None) == IDENTICAL
    assert gap([0.1], [0], [0.1], [1]).verdict(None) == ONE_SEED  # a coincidence
    assert gap([0.1, 0.2], [0, 1], [0.2, 0.1], [0, 1]).verdict(1.0) == SAME


def test_differences_without_a_spread_tell_nothing():
    shifted = gap([0.1, 0.2], [0, 1], [0.15, 0.25], [0, 1])
    assert (shifted.low, shifted.seen_from(3), shifted.verdict(shifted.p)) == (None, None, SAME)
    flat = welch([0.1, 0.1], [0.2, 0.2])
    assert (flat.low, flat.p) == (None, 1.0)
