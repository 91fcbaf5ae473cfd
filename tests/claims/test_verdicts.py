"""Verdicts on made-up tables: as strict for a claim as against it, and never on too little."""

import pytest

from study.claims import check
from study.claims.check import studies_of
from study.claims.table import plain, table
from study.errors import StorageError
from study.summary.paired import holm
from study.summary.verdicts import FAILS, HOLDS, NOT_RUN, UNKNOWN

BETTER = [{"name": "difference", "arm": "new", "baseline": "old"}]
OLD = [0.20, 0.21, 0.19, 0.20, 0.22, 0.21, 0.20, 0.19, 0.21, 0.20]


def shifted(by):
    """Scores that differ from ``OLD`` by about so much."""
    return [score + by + wiggle / 1000 for score, wiggle in zip(OLD, (3, -2, 1, 0, -3, 2, -1, 3, -2, 1), strict=True)]


def verdict(results, *more):
    return check(results, ["little", *more])[0]


def test_holm_by_hand():
    # .01 x 4, .02 x 3, .03 x 2, .04 x 1, each at least the one before
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


@pytest.mark.parametrize(("by", "told"), [(0.05, HOLDS), (-0.05, FAILS), (0.0005, UNKNOWN)])
def test_a_difference_that_is_there_the_other_way_round_or_neither(write_claim, by, told):
    results = write_claim({"new": {"scores": shifted(by)}, "old": {"scores": OLD}}, BETTER)
    found = verdict(results)
    assert found.verdict == told
    part = found.found.parts[0]
    assert part.low < part.effect < part.high
    assert part.effect == pytest.approx(by + 0.0002)
    assert part.pairs == 10
    if told == HOLDS:
        assert found.p_holm == found.found.p == 1 / 1024


@pytest.mark.parametrize("pairs", [1, 3, 4])
def test_fewer_than_five_pairs_are_never_enough(write_claim, pairs):
    arms = {"new": {"scores": [0.9] * pairs}, "old": {"scores": OLD[:pairs]}}
    found = verdict(write_claim(arms, BETTER))
    assert found.found.p == 0.5**pairs
    assert (found.verdict, found.reason) == (UNKNOWN, f"{pairs} pairs of seeds; at least 5 are needed")


def test_five_pairs_cannot_carry_two_claims_and_the_verdict_says_what_could(write_claim):
    arms = {"new": {"scores": [0.9] * 5}, "old": {"scores": OLD[:5]}}
    results = write_claim(arms, BETTER)
    assert verdict(results).verdict == HOLDS  # 1/32
    found = verdict(results, "another")
    assert found.p_holm == 2 / 32
    assert found.verdict == UNKNOWN
    assert found.reason == "5 pairs cannot reach 5% among 2 claims, however clear they are; 6 could"


def test_a_run_that_failed_is_named_and_nothing_is_tested_without_it(write_claim):
    status = ["completed"] * 9 + ["diverged"]
    arms = {
        "new": {"scores": shifted(0.05), "status": status, "reason": [None] * 9 + ["the loss is nan"]},
        "old": {"scores": OLD},
    }
    found = verdict(write_claim(arms, BETTER))
    assert found.verdict == NOT_RUN
    assert found.reason == "1 run is needed and not there: new9 (new, seed 9, diverged: the loss is nan)"
    assert found.found.p is None
    assert found.found.parts[0].pairs == 9


def test_a_run_without_the_score_is_needed_too(write_claim):
    measure = {"dataset": "embedded/test", "metric": "zeroshot_top1"}
    arms = {"new": {"scores": shifted(0.05)}, "old": {"scores": OLD}}
    found = verdict(write_claim(arms, BETTER, measure=measure))
    assert found.verdict == NOT_RUN
    assert "20 runs are needed and not there: new0 (new, seed 0, completed without score)" in found.reason


def test_a_claim_holds_by_all_its_parts_and_fails_by_one(write_claim):
    worse = {"name": "difference", "arm": "new", "baseline": "old", "alternative": "less"}
    results = write_claim({"new": {"scores": shifted(0.05)}, "old": {"scores": OLD}}, [*BETTER, worse])
    found = verdict(results)
    assert found.found.p == 1.0
    assert found.found.p_against == 2 / 1024  # the smaller of two, times two
    assert found.verdict == FAILS
    assert "new < old" in found.reason


def test_counted_costs_decide_without_a_test(write_claim):
    parts = [
        {"name": "cost_ratio", "arm": "new", "baseline": "old", "cost": "train_flops", "at_most": 0.5},
        {"name": "non_inferiority", "arm": "new", "baseline": "old", "margin": 0.1},
    ]
    arms = {"new": {"scores": shifted(0.0)}, "old": {"scores": OLD, "train_flops": 4e12}}
    found = verdict(write_claim(arms, parts))
    assert [part.p for part in found.found.parts] == [0.0, 1 / 1024]
    assert found.verdict == HOLDS
    assert found.found.parts[0].effect == pytest.approx(0.25)
    arms["old"]["train_flops"] = 1.5e12
    found = verdict(write_claim(arms, parts))
    assert found.verdict == FAILS
    assert "FLOPs of new < 0.5 x old" in found.reason


def test_effects_that_are_all_equal_have_an_interval_only_where_they_were_counted(write_claim):
    costs = [
        {"name": "cost_ratio", "arm": "new", "baseline": "old", "cost": cost, "at_most": 0.5}
        for cost in ("train_flops", "train_hours")
    ]
    arms = {
        "new": {"scores": [score + 0.25 for score in OLD]},
        "old": {"scores": OLD, "train_flops": 4e12, "train_hours": 0.04},
    }
    flops, hours, scores = verdict(write_claim(arms, [*costs, *BETTER])).found.parts
    assert (flops.low, flops.high) == (flops.effect, flops.effect)
    assert hours.effect == pytest.approx(0.25)
    assert (hours.low, hours.high) == (scores.low, scores.high) == (None, None)


def test_claims_that_are_not_run_count_in_the_correction(write_claim):
    results = write_claim({"new": {"scores": shifted(0.05)}, "old": {"scores": OLD}}, BETTER)
    found = check(results, ["absent", "little"])
    assert [one.verdict for one in found] == [NOT_RUN, HOLDS]
    assert found[1].p_holm == 2 / 1024
    assert found[0].reason == "not planned yet; run it: snakemake --cores all --config grid=PATH/absent.yaml"


def test_chance_alone_seldom_decides_a_claim(claim_writer, tmp_path):
    import numpy as np

    random = np.random.default_rng(3)
    wrong = 0
    for _ in range(30):
        for name in ("one", "two", "three"):
            new, old = random.normal(0.1, 0.01, (2, 8)).tolist()
            claim_writer(tmp_path, {"new": {"scores": new}, "old": {"scores": old}}, BETTER, name=name)
        wrong += any(one.verdict != UNKNOWN for one in check(tmp_path, ["one", "two", "three"]))
    assert wrong <= 7  # 30 families, 10 % for either verdict: above 7 in one try of a hundred


def test_tables_have_a_row_a_part_and_plain_data_a_mapping_a_claim(write_claim):
    results = write_claim({"new": {"scores": shifted(0.05)}, "old": {"scores": OLD}}, BETTER * 2)
    checked = check(results, ["little", "absent"])
    rows = table(checked)
    assert rows["study"].to_list() == ["little", "little", "absent"]
    assert rows["part"].to_list() == [0, 1, None]
    assert rows["runs"].to_list() == [20, 20, 0]
    assert rows["was_run"][0] == "vit_pico, 3,687 pairs, 18,432 samples seen, 128 a batch, 32 px"
    assert [len(one["parts"]) for one in plain(checked)] == [2, 0]


def test_a_study_without_a_claim_and_a_folder_without_grids(tmp_path):
    from study import io

    io.write_json(tmp_path / "plain/plan.json", {"title": "x", "grid": "grids/plain.yaml", "claim": None})
    with pytest.raises(StorageError, match=r"plan\.json has no claim; add one to grids/plain\.yaml, and plan it"):
        check(tmp_path, ["plain"])
    with pytest.raises(StorageError, match="holds no grid"):
        studies_of(tmp_path)
    for name in ("b.yaml", "a.yaml", "a.lock.yaml"):
        (tmp_path / name).write_text("")
    assert studies_of(tmp_path) == ["a", "b"]
