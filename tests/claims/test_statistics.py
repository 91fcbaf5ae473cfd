"""What each statistic makes of its arms, by hand."""

from math import exp, log

import pytest

from study.statistics import STATISTICS
from study.statistics.base import ArmRun


def arm(*scores, **more):
    return {
        seed: ArmRun(score, **{key: value[seed] if isinstance(value, list) else value for key, value in more.items()})
        for seed, score in enumerate(scores)
    }


def reading(name, arms, **given):
    kind = STATISTICS.load(name)
    return kind(kind.Config(name=name, **given)).reading(arms)


def test_a_difference_by_more_than_a_margin():
    arms = {"a": arm(0.3, 0.5), "b": arm(0.2, 0.1, 0.7)}
    found = reading("difference", arms, arm="a", baseline="b", margin=0.05)
    assert found.effects == pytest.approx({0: 0.1, 1: 0.4})  # seed 2 is not in both
    assert (found.threshold, found.above, found.unit) == (0.05, True, "points")
    assert found.conditions[0].values == pytest.approx((0.05, 0.35))


def test_a_difference_the_other_way():
    found = reading(
        "difference", {"a": arm(0.3), "b": arm(0.2)}, arm="a", baseline="b", alternative="less", margin=0.05
    )
    assert (found.threshold, found.above) == (-0.05, False)
    assert found.conditions[0].values == pytest.approx((-0.15,))


def test_an_interaction_asks_for_the_sign_at_each_end():
    arms = {"c1": arm(0.2), "v1": arm(0.1), "c2": arm(0.3), "v2": arm(0.5)}
    first, then = {"arm": "c1", "baseline": "v1"}, {"arm": "v2", "baseline": "c2"}
    found = reading("interaction", arms, first=first, then=then)
    assert found.effects == pytest.approx({0: 0.3})
    assert [one.values for one in found.conditions] == [pytest.approx((0.1,)), pytest.approx((0.2,))]


@pytest.mark.parametrize(("alternative", "sign"), [("within", 1), ("beyond", -1)])
def test_non_inferiority_takes_its_margin_of_each_seeds_own_baseline(alternative, sign):
    arms = {"a": arm(0.19, 0.3), "b": arm(0.2, 0.4)}
    given = {"arm": "a", "baseline": "b", "margin": 0.1, "alternative": alternative}
    found = reading("non_inferiority", arms, **given)
    assert found.effects == pytest.approx({0: -0.01, 1: -0.1})
    assert found.conditions[0].values == pytest.approx((sign * (0.19 - 0.18), sign * (0.3 - 0.36)))
    assert (found.threshold, found.above) == (pytest.approx(-0.03), sign == 1)


def test_counted_costs_are_no_random_draws():
    arms = {"a": arm(0.1, train_flops=1e12), "b": arm(0.1, train_flops=8e12)}
    found = reading("cost_ratio", arms, arm="a", baseline="b", cost="train_flops", at_most=1 / 6)
    assert exp(found.effects[0]) == pytest.approx(1 / 8)
    assert found.conditions[0].counted
    assert found.conditions[0].values == pytest.approx((log(8 / 6),))


def test_times_are_compared_on_one_machine_only():
    machines = [("x", 1, 1), ("y", 1, 1)]
    arms = {
        "a": arm(0, 0, train_hours=[1.1, 9.0], machine=machines),
        "b": arm(0, 0, train_hours=1.0, machine=("x", 1, 1)),
    }
    found = reading("cost_ratio", arms, arm="a", baseline="b", cost="train_hours", at_most=1.05)
    assert found.effects == pytest.approx({0: log(1.1)})
    assert found.conditions[0].values == pytest.approx((log(1.05 / 1.1),))
    assert not found.conditions[0].counted
    assert found.notes == ("left out, since timed on different machines: 1 pairs",)


def test_time_over_flops():
    arms = {"a": arm(0, train_flops=5.0, train_hours=3.0), "b": arm(0, train_flops=10.0, train_hours=5.0)}
    found = reading("time_to_flops", arms, arm="a", baseline="b", at_most=1.18)
    assert exp(found.effects[0]) == pytest.approx(1.2)
    assert found.conditions[0].values == pytest.approx((log(1.18 / 1.2),))


def test_a_seed_that_lacks_what_is_read_is_no_pair():
    arms = {"a": arm(0.1, None, 0.3), "b": arm(0.1, 0.2, None)}
    assert set(reading("difference", arms, arm="a", baseline="b").effects) == {0}
