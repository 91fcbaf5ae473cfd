"""What lies outside the evidence: flagged, with how far, after what lies inside, and never known better."""

import math
from dataclasses import replace

import pytest

from study.cli import main
from study.lookup import Budget, lookup
from study.lookup.outside import far
from study.lookup.question import Question
from study.lookup.store import open_sheet
from study.lookup.told import told


@pytest.fixture(scope="module")
def laws(planted):
    """The laws of the planted study as a question asks them."""
    with open_sheet(planted, "planted") as sheet:
        yield list(told(sheet, 0, Question(Budget("train_flops", 1e18))))


def test_a_pool_repeated_more_often_than_in_any_run_is_outside(laws):
    # clean: 5M pairs, of which the longest run saw 100M samples, 20 epochs; 1e18 FLOPs of the small tower are 1B
    law = next(one for one in laws if one.row["law"] == "power" and "clean" in one.label)
    small, large = (next(one for one in law.points[::-1] if one["arch"] == arch) for arch in ("small", "large"))
    assert law.curve.outside(law.inputs(large, 1e18)) == 1
    assert law.curve.outside(law.inputs(small, 1e18)) == pytest.approx(10)
    told = "outside the evidence: 200 epochs of the pool, 10 times above the most that was seen, 20"
    assert far(law.curve.ranges, law.inputs(small, 1e18)) == told


def test_what_is_outside_comes_after_what_is_inside(planted):
    answer = lookup("planted", Budget("gpu_hours", 4), planted, gpu="h100", top=99)
    within = [one.outside == 1 for one in answer.predicted]
    assert within == sorted(within, reverse=True)
    assert set(within) == {True, False}
    assert all(("outside the evidence" in (one.note or "")) == (one.outside > 1) for one in answer.predicted)


def test_the_published_pool_of_14_million_pairs_is_not_stretched_without_a_word(tmp_path):
    budget = Budget("gpu_hours", 50)
    answer = lookup("published", budget, tmp_path, gpu="h100", top=99)
    stretched = [one for one in answer.predicted if one.unique_pairs and one.samples_seen / one.unique_pairs > 20]
    assert stretched
    assert all(one.outside > 1 and "outside the evidence" in one.note for one in stretched)
    assert any("epochs of the pool" in one.note for one in stretched)
    assert answer.predicted[0].outside == 1


def test_a_score_outside_that_repeats_too_often_is_reached_last(planted):
    found = lookup("planted", None, planted, target=0.55, gpu="h100", top=99).reached
    within = [one.outside == 1 for one in found if one.evidence == "law" and one.train_flops is not None]
    assert within == sorted(within, reverse=True)
    assert set(within) == {True, False}
    assert all("outside the evidence" in one.note for one in found if one.train_flops and one.outside > 1)


def test_no_interval_is_narrower_outside_than_where_the_evidence_ends(laws):
    for law in laws:
        point = law.points[-1]
        end = law.curve.score(law.inputs(point, point["train_flops"]))
        for times in (1.01, 3.0, 30.0, 1000.0):
            there = law.curve.score(law.inputs(point, point["train_flops"] * times))
            assert there.middle - there.low >= min(end.middle - end.low, there.middle) - 1e-12, law.label
            assert there.high - there.middle >= min(end.high - end.middle, 1 - there.middle) - 1e-12, law.label


def test_a_floor_that_all_draws_share_narrows_nothing(laws):
    # at a floor of .2 with no noise the errors of far runs would be the same in every draw
    law = next(one for one in laws if one.row["law"] == "power_irreducible")
    least, most = law.curve.ranges["train_flops"]
    thetas = [(7.0 + 0.05 * step, 0.2, math.log(0.2)) for step in range(-20, 20)]
    sure = replace(law.curve, thetas=thetas, noise=[0.0] * 40, drifts=[0.0] * 40)
    end, beyond = (sure.score({"train_flops": flops, "epochs": 1.0}) for flops in (most, most * 1e6))
    plain = sure.error({"train_flops": most * 1e6, "epochs": 1.0})
    assert plain.high - plain.low < (end.high - end.low) / 5
    assert beyond.high - beyond.low == pytest.approx(end.high - end.low)
    assert least < most


def test_which_input_lies_farthest_outside_is_told():
    ranges = {"train_flops": (1e15, 1e18), "unique_pairs": (1e6, 2e6), "epochs": (0.0, 4.0)}
    inside = {"train_flops": 1e17, "unique_pairs": 1.5e6, "epochs": 0.5}
    assert far(ranges, inside) == ""
    told = "outside the evidence: 500K distinct pairs, 2 times below the least that was seen, 1M"
    assert far(ranges, {**inside, "unique_pairs": 5e5}) == told
    told = "outside the evidence: 5e+18 FLOPs, 5 times above the most that was seen, 1e+18"
    assert far(ranges, {**inside, "unique_pairs": 5e5, "train_flops": 5e18}) == told
    told = "outside the evidence: 48 epochs of the pool, 12 times above the most that was seen, 4"
    assert far(ranges, {**inside, "epochs": 48.0}) == told


def test_no_law_is_asked_more_than_ten_times_outside_its_evidence_on_either_side(planted, capsys):
    for budget in (1e40, 1e10):
        answer = lookup("planted", Budget("train_flops", budget), planted, top=99)
        assert not answer.predicted
        assert any("16 laws are left out: the question lies " in note for note in answer.notes)
    assert not answer.fits
    assert main(["lookup", "--study", "planted", "--budget", "1e10", "--results", str(planted)]) == 1
    assert "nothing that is known fits this budget" in capsys.readouterr().out
    near = lookup("planted", Budget("train_flops", 5e18), planted, top=99)
    assert {one.outside <= 10 * (1 + 1e-6) for one in near.predicted} == {True}


def test_a_law_never_tried_has_no_interval_outside_its_evidence_and_comes_last(planted):
    inside, beyond = (lookup("planted", Budget("train_flops", at), planted, top=99).predicted for at in (1e17, 3e18))
    untried = [one for one in inside if one.law.startswith("shifted_power law") and one.quality == "clean"]
    assert all(one.low is not None and one.outside == 1 for one in untried)
    unknown = [one for one in beyond if one.low is None]
    assert [one.law.split()[0] for one in unknown] == ["shifted_power"]
    assert unknown == list(beyond[-1:])
    assert unknown[0].high is None
    assert not unknown[0].tied


def test_no_score_is_reached_more_than_ten_times_outside_the_evidence(planted):
    # the pool of all is 40M pairs: a law of the pool's size says what 1M repeated would give, 40 times below it
    found = lookup("planted", None, planted, target=0.3, pairs=1e6, top=99).reached
    assert all(one.outside < 10.01 for one in found)
    pool = "outside the evidence: 1M distinct pairs, 40 times below the least that was seen, 40M"
    told = [one for one in found if one.note == f"not reached within 10 times its evidence; {pool}"]
    assert {one.label for one in told} >= {"small · clip · all · filtering law", "large · clip · all · repeated law"}
    assert all(one.train_flops is one.gpu_hours is None for one in told)
