"""The exact test against enumeration, by hand, and by its error rates."""

from itertools import product

import numpy as np
import pytest

from study.claims.sign_flip import sign_flip
from study.summary.paired import difference


def enumerated(values):
    signs = list(product((-1, 1), repeat=len(values)))
    reached = [sum(s * v for s, v in zip(choice, values, strict=True)) >= sum(values) - 1e-12 for choice in signs]
    return sum(reached) / len(signs)


@pytest.mark.parametrize("n", range(1, 12))
def test_it_counts_what_enumeration_counts(n):
    values = np.random.default_rng(n).normal(0.3, 1, n)
    assert sign_flip(values) == enumerated(values)


@pytest.mark.parametrize(
    ("values", "p"),
    [
        ([1.0], 1 / 2),
        ([1.0, 2.0, 3.0], 1 / 8),  # the smallest that three pairs can give: never 5 %, and never 10 %
        ([-1.0, 2.0, 3.0], 2 / 8),  # +++ and -++ reach 4
        ([-1.0, -2.0, -3.0], 1.0),
        ([0.0, 0.0, 0.0, 0.0], 1.0),
        ([1.0, -1.0], 3 / 4),
        ([0.1, 0.2, -0.3], 5 / 8),  # sums that are 0 but for rounding count as reached
    ],
)
def test_by_hand(values, p):
    assert sign_flip(values) == p


def test_forty_pairs_are_counted_and_more_refused():
    assert sign_flip([1.0] * 40) == 2.0**-40
    for number in (0, 41):
        with pytest.raises(ValueError, match=f"need 1 to 40 values, got {number}"):
            sign_flip([1.0] * number)


def test_it_errs_no_more_often_than_it_says_whatever_the_tails():
    random = np.random.default_rng(5)
    for draws in (random.normal(size=(2000, 8)), random.standard_cauchy((2000, 8)), random.uniform(-1, 1, (2000, 8))):
        ps = np.array([sign_flip(row) for row in draws])
        for level in (0.05, 0.1):
            assert (ps <= level).mean() <= level + 3 * (level * (1 - level) / 2000) ** 0.5
        assert (ps <= 0.1).mean() > 0.07  # and it does use what it may


def test_intervals_hold_the_mean_nine_times_out_of_ten():
    draws = np.random.default_rng(6).normal(0.01, 0.008, (2000, 10))
    zero = dict.fromkeys(range(10), 0.0)
    found = [difference(dict(enumerate(map(float, row))), zero) for row in draws]
    held = np.mean([one.low <= 0.01 <= one.high for one in found])
    assert abs(held - 0.9) < 3 * (0.09 / 2000) ** 0.5
