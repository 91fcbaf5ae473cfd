"""What a score costs."""

import pytest

from study.cli import main
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
    assert {one.label for one in near} >= {"vit · clip · all · power law", "vit · clip · clean · power law"}
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


def test_a_law_whose_score_falls_with_compute_reaches_nothing(bent):
    found = lookup("planted", None, bent, target=0.4, top=99).reached
    falls = [one for one in found if one.note == "not reached: the law's score falls with compute"]
    assert {one.label for one in falls} == {"vit · clip · all · power law", "vit · clip · clean · power law"}
    assert all(one.train_flops is one.low is one.high is one.gpu_hours is None for one in falls)
    assert [one.rank for one in falls] == [len(found) - 1, len(found)]


def test_a_bound_below_the_search_is_none_and_so_is_told(costs, planted, capsys):
    laws = [one for one in costs(0.1, gpu="h100") if one.evidence == "law" and one.train_flops]
    open_below = [one for one in laws if one.low is None and not one.at_most]
    assert open_below
    for one in open_below:
        assert "one run in twenty may need less than 1/10 of the least of its runs" in one.note
        assert one.gpu_hours_low is None
        assert one.train_flops < one.high
    assert all(one.low for one in costs(0.5) if one.evidence == "law" and one.train_flops)
    main(["lookup", "--target", "made/test:0.1", "--gpu", "h100", "--results", str(planted)])
    assert " or less" in capsys.readouterr().out


def test_what_is_reached_below_the_search_costs_at_most_its_end(bent, capsys):
    found = [one for one in lookup("planted", None, bent, target=0.3, top=99).reached if one.at_most]
    assert {one.label for one in found} == {
        f"vit · clip · {quality} · power_irreducible law" for quality in ("all", "clean")
    }
    for one in found:
        assert one.low is None
        assert "at most: the search ends at 1/10 of the least of its runs" in one.note
        assert "one run in twenty may need less" not in one.note
        assert one.train_flops == pytest.approx(3e14)  # a tenth of the least
    main(["lookup", "--target", "made/test:0.3", "--results", str(bent), "--top", "99"])
    assert "at most 3e+14" in capsys.readouterr().out
