"""Trials that choose a learning rate: planned once for all budgets and seeds, and what is refused."""

import json

import pytest

from study.errors import GridError
from study.plan.make import Options, make

HEAD = (
    "evaluation: [embedded/test, embedded/validation]\n"
    "common: {source: {name: table, path: pairs.csv}, arch: vit_pico, strategy: clip, global_batch_size: 100,\n"
    "  tune: {lr: [1e-3, 5e-4], %s}}\n"
)
TWO = "{samples_seen: [400, 800], seed: [0, 1]}"


def rows(plan, purpose):
    return [row for row in plan.rows if row["purpose"] == purpose]


def refusals(write_grid, folder, sub_grids, **given):
    with pytest.raises(GridError) as caught:
        make(write_grid(sub_grids, **given), folder / "results", Options())
    return str(caught.value)


def test_trials_come_first_at_the_smallest_budget_and_serve_all_runs(planned):
    plan = planned(TWO, head=HEAD % "seeds: [0, 1]")
    trials, runs = rows(plan, "tuning"), rows(plan, "study")
    assert plan.rows[: len(trials)] == trials
    assert {(row["lr"], row["seed"], row["samples_seen"]) for row in trials} == {
        (lr, seed, 400) for lr in (1e-3, 5e-4) for seed in (0, 1)
    }
    assert [row["lr"] for row in runs] == [None] * 4
    ids = sorted(row["run_id"] for row in trials)
    assert all(json.loads(row["needs"]) == ids for row in runs)
    assert {row["tuned"] for row in runs} == {"by embedded/validation, 4 trials"}


def test_trials_of_their_own_length(planned):
    plan = planned(TWO, head=HEAD % "at: 200")
    assert {row["samples_seen"] for row in rows(plan, "tuning")} == {200}


def test_a_trial_that_the_grid_asks_for_anyway_is_a_run_of_the_study(planned):
    plan = planned("[{samples_seen: 400}, {name: given, samples_seen: 400, lr: 1e-3}]", head=HEAD % "seeds: 0")
    shared = [row for row in rows(plan, "study") if row["lr"] == 1e-3]
    assert len(rows(plan, "tuning")) == 1
    assert [row["sub_grid"] for row in shared] == ["0, given"]


def test_a_sub_grid_with_its_own_rate_is_not_tuned(planned):
    plan = planned("[{samples_seen: 400, lr: 2e-3}]", head=HEAD % "seeds: 0")
    assert [(row["purpose"], row["tuned"], row["needs"]) for row in plan.rows] == [("study", None, None)]


def test_each_strategy_has_its_own_trials(planned):
    plan = planned("{samples_seen: 400, strategy: [clip, siglip]}", head=HEAD % "seeds: 0")
    assert sorted(row["strategy"] for row in rows(plan, "tuning")) == ["clip", "clip", "siglip", "siglip"]
    needs = [set(json.loads(row["needs"])) for row in rows(plan, "study")]
    assert not needs[0] & needs[1]


def test_what_decides_must_be_evaluated(write_grid, folder):
    told = refusals(write_grid, folder, TWO, head=HEAD % "on: val")
    assert "small.yaml:3:9: common.tune: no evaluation set is called 'val' or ends so; this study has: " in told


def test_a_metric_must_be_known(write_grid, folder):
    told = refusals(write_grid, folder, TWO, head=HEAD % "metrics: recall")
    assert "common.tune: unknown headline metric 'recall'" in told


def test_lr_and_tune_exclude_each_other(write_grid, folder):
    told = refusals(write_grid, folder, "{samples_seen: 400, lr: 1e-3, tune: {lr: [1, 2]}}", head=HEAD % "seeds: 0")
    assert "lr: both lr and tune, which chooses it; keep one of them" in told


def test_one_rate_is_nothing_to_choose_from(write_grid, folder):
    told = refusals(write_grid, folder, "{samples_seen: 400, tune: {lr: 1e-3}}", head=HEAD % "seeds: 0")
    assert "tune.lr" in told


def test_the_baseline_is_a_strategy_of_the_study(planned, write_grid, folder):
    from study.plan.write import facts

    sub_grids = "{samples_seen: 400, strategy: [siglip, clip]}"
    assert facts(planned(sub_grids))["baseline"] == "siglip"
    common = (HEAD % "seeds: 0").replace("evaluation", "baseline: clip\nevaluation")
    assert facts(planned(sub_grids, head=common))["baseline"] == "clip"
    told = refusals(write_grid, folder, sub_grids, head=common.replace("baseline: clip", "baseline: clop"))
    assert "small.yaml:1:11: baseline: unknown strategy of this study 'clop'; did you mean clip" in told


@pytest.mark.parametrize(
    ("tune", "told"),
    [
        ("lr: [1e-3, 1e-3]", "tune.lr: 0.001 stands twice; give each value once"),
        ("lr: [1e-3, 2e-3], seeds: [1, 1]", "tune.seeds: 1 stands twice; give each value once"),
        ("lr: [1e-3, 2e-3], at: -5", "tune.at"),
        ("lr: [1e-3, 0]", "tune.lr.1: must be greater than 0"),
    ],
)
def test_nonsense_in_tune_is_told_with_its_place(write_grid, folder, tune, told):
    head = HEAD.replace("lr: [1e-3, 5e-4], %s", tune)
    assert told in refusals(write_grid, folder, TWO, head=head)


def test_a_set_that_is_not_scored_by_what_decides_is_refused(write_grid, folder):
    head = (HEAD % "seeds: 0").replace("embedded/validation]", "{name: embedded/validation, metrics: [zeroshot]}]")
    told = refusals(write_grid, folder, TWO, head=head)
    assert "image_retrieval_recall_at_5 decides, but embedded/validation is evaluated by zeroshot alone" in told


def test_trials_that_are_too_short_are_told_where_they_are_asked_for(write_grid, folder):
    sub_grid = "{samples_seen: 20000, strategy: amorlip}"
    told = refusals(write_grid, folder, sub_grid, head=HEAD % "at: 1000")
    assert "small.yaml:3:9: common.tune: its trials are too short: AmorLIP's schedule needs at least 2 epochs" in told
