"""What a score costs."""

import pytest

from study.lookup import Budget, lookup


@pytest.fixture
def costs(planted):
    """A function from a score to what reaches it, by the law's form and the label."""

    def ask(score, **given):
        return lookup("planted", None, planted, target=score, top=99, **given).reached

    return ask


def test_a_power_law_reaches_a_score_where_its_formula_says(costs, planted, planted_module):
    log_beta, alpha = planted_module.THETAS["power"]
    flops = (2.718281828459045**log_beta / 0.55) ** (1 / alpha)
    near = [one for one in costs(0.45) if one.evidence == "law" and one.train_flops == pytest.approx(flops, rel=0.01)]
    assert {one.label for one in near} >= {"vit · clip · all", "vit · clip · clean"}
    one = near[0]
    assert one.low < one.train_flops < one.high
    # at the bounds one run in twenty reaches the score, and one in twenty does not
    for at, bound in ((one.low, "high"), (one.high, "low")):
        found = lookup("planted", Budget("train_flops", at), planted, top=99).predicted
        same = [option for option in found if option.label == one.label and option.law.startswith("power law")]
        assert getattr(same[0], bound) == pytest.approx(0.45, abs=0.005)


def test_the_cheapest_measured_setting_comes_with_the_laws(costs, planted):
    measured = [one for one in costs(0.5) if one.evidence == "measured"]
    known = lookup("planted", Budget("train_flops", 1e30), planted, top=99).measured
    least = min((option for option in known if option.score >= 0.5), key=lambda option: option.train_flops)
    assert [one.train_flops for one in measured] == [least.train_flops]


def test_what_is_not_reached_is_told_with_what_is(costs):
    found = costs(0.999)
    assert found
    assert all(one.train_flops is None and "not reached within 10 times its evidence" in one.note for one in found)


def test_hours_go_with_the_flops(costs):
    one = next(one for one in costs(0.45, gpu="h100") if one.evidence == "law" and one.high)
    assert one.gpu_hours_low < one.gpu_hours < one.gpu_hours_high


def test_a_pool_too_small_is_told(costs):
    told = [one.note for one in costs(0.6, pairs=1e6) if one.train_flops is None]
    assert any("not reached with this pool" in note for note in told)
