"""What changed in the scores, and what did not."""

import polars as pl
import pytest

from study import io
from study.compare import compare
from study.summary.changes import HIGHER, IDENTICAL, LOWER, ONE_SEED, SAME

OTHER = "zeroshot_top1"


@pytest.fixture
def compared(results, write):
    """A function that compares two studies of these runs."""

    def make(ours, theirs, **asked):
        write("old", ours)
        write("new", theirs)
        return compare(results, "old", "new", **asked)

    return make


def verdicts(found):
    return dict(found.settings.select("unique_pairs", "verdict").rows())


def test_a_change_that_was_put_in_is_found_where_it_is(compared, noisy):
    found = compared(noisy(1), noisy(2, change={2: 0.15, 5: -0.15}))
    assert verdicts(found) == {1000: SAME, 2000: HIGHER, 3000: SAME, 4000: SAME, 5000: LOWER, 6000: SAME}
    assert found.changed
    row = found.settings.row(by_predicate=pl.col("unique_pairs") == 2000, named=True)
    assert row["difference"] == pytest.approx(row["score_b"] - row["score_a"])
    assert 0.1 < row["low"] < 0.15 < row["high"] < 0.2
    assert row["seen_from"] < row["difference"]


def test_a_small_change_everywhere_is_found_over_all_settings(compared, noisy):
    found = compared(noisy(1), noisy(2, change=dict.fromkeys(range(1, 7), 0.03)))
    row = found.overall.row(0, named=True)
    assert (row["verdict"], row["settings"]) == (HIGHER, 6)
    assert row["difference"] == pytest.approx(0.03, abs=0.01)


def test_noise_alone_is_no_change_more_often_than_the_level(compared, noisy):
    """Of 40 pairs of studies that differ by noise, about 4 may be said to differ: that is what Holm promises."""
    wrong = sum(compared(noisy(2 * n, seeds=3), noisy(2 * n + 1, seeds=3)).changed for n in range(40))
    assert wrong <= 9  # P(X > 9) < 1 % for a share of 10 %; without a correction it would be about 20


def test_all_tests_of_the_page_are_corrected_together(compared, noisy):
    """A difference that is told alone is not among many that are noise."""
    ours, theirs = noisy(3, settings=1), noisy(4, settings=1, change={1: 0.015})
    more, others = (noisy(seed, settings=30)[4:] for seed in (5, 6))
    alone, crowd = compared(ours, theirs), compared([*ours, *more], [*theirs, *others])
    assert (alone.tests, crowd.tests) == (1, 31)
    assert (verdicts(alone)[1000], verdicts(crowd)[1000]) == (HIGHER, SAME)
    assert alone.settings["p"][0] in crowd.settings["p"]


def test_a_measure_that_nobody_asked_for_has_an_interval_and_no_verdict(compared, noisy):
    def both(rows):
        return [
            {**row, "scores": {**row["scores"], OTHER: row["scores"]["text_retrieval_recall_at_5"]}} for row in rows
        ]

    ours, theirs = both(noisy(1)), both(noisy(2))
    found = compared(ours, theirs)
    assert found.overall.select("metric", "verdict").rows() == [("text_retrieval_recall_at_5", SAME), (OTHER, None)]
    assert found.overall["low"].null_count() == 0
    assert set(found.settings["metric"]) == {"text_retrieval_recall_at_5"}
    every = compared(ours, theirs, every=True)
    assert (found.tests, every.tests) == (7, 14)
    assert compared(ours, theirs, metric=OTHER).measures[0].metric == OTHER


def test_other_seeds_are_compared_by_welch(compared, runs):
    ours = runs([0.1, 0.11, 0.12])
    theirs = [{**row, "seed": row["seed"] + 5, "run_id": f"late{row['seed']}"} for row in runs([0.2, 0.21, 0.22])]
    row = compared(ours, theirs).settings.row(0, named=True)
    assert (row["method"], row["verdict"]) == ("Welch", HIGHER)


def test_scores_that_are_missing_or_no_number_are_no_scores(compared, runs):
    ours = [*runs([0.1, 0.2, 0.3]), *runs([0.5], arch="vit_pico")]
    theirs = [*runs([0.1, None, float("nan")]), *runs([float("nan")], arch="vit_pico"), *runs([0.1], arch="new")]
    found = compared(ours, theirs)
    assert found.settings.select("n_a", "n_b", "verdict").rows() == [(3, 1, ONE_SEED)]
    assert found.matched == 2
    assert found.statuses.select("seed", "status_b", "reason_b").rows() == [(1, "diverged", "the loss was NaN")]


def test_a_run_made_again_with_the_same_result_is_identical(compared, noisy):
    found = compared(noisy(1), noisy(1))
    assert set(found.settings["verdict"]) == {IDENTICAL}
    assert found.shared_runs == 0
    assert not found.changed


def test_the_same_runs_are_counted_and_not_tested(results, write, runs):
    rows = [{**row, "finished": "once"} for row in runs([0.1, 0.2, 0.3])]
    more = [{**row, "run_id": "later", "seed": 9} for row in runs([0.4])]
    write("old", [*rows, *runs([0.5, 0.6], arch="vit_pico")])
    write("new", [*rows, *more, *runs([0.5, 0.6], arch="vit_pico")])
    found = compare(results, "old", "new")
    assert (found.matched, found.shared_runs) == (2, 3)
    assert found.settings["arch"].to_list() == ["vit_pico"]
    assert found.rescored.is_empty()


def test_the_same_run_scored_otherwise_is_told(part_of_published, results):
    part_of_published("old")
    first = io.read_parquet(results / "old/scores.parquet")["run_id"][0]
    better = pl.when(pl.col("run_id") == first).then(pl.col("value") + 0.01).otherwise("value").alias("value")
    part_of_published("new", change_scores=lambda scores: scores.with_columns(better))
    found = compare(results, "old", "new")
    assert found.shared_runs == io.read_parquet(results / "old/runs.parquet").height
    assert found.settings.is_empty()
    assert set(found.rescored["run_id"]) == {first}
    assert found.changed


def test_a_study_against_the_published_one(part_of_published, results):
    """Published runs that someone else restated under names of their own, some of them worse."""
    again = [pl.format("mine/{}", name).alias(name) for name in ("run_id", "setting")]
    lower = pl.col("value") - 0.05
    part_of_published(
        "mine", lambda runs: runs.with_columns(again), lambda scores: scores.with_columns(again[0], lower)
    )
    found = compare(results, "published", "mine", dataset="imagenet1k")
    mine = io.read_parquet(results / "mine/runs.parquet").height
    left = found.unmatched.filter(pl.col("study") == "B").height
    assert found.matched + left == mine
    assert found.matched > mine / 2
    assert found.overall["difference"][0] == pytest.approx(-0.05)
    assert set(found.settings["verdict"]) == {ONE_SEED}


def test_whether_the_winner_changed(compared, runs):
    ours = [*runs([0.30, 0.31], arch="vit_nano"), *runs([0.20, 0.21], arch="vit_pico"), *runs([0.9], arch="gone")]
    theirs = [*runs([0.30, 0.31], arch="vit_nano"), *runs([0.40, 0.41], arch="vit_pico")]
    rows = compared(ours, theirs).winners.select("study", "arch", "rank_there", "tied_there").rows()
    assert rows == [("A", "vit_nano", 2, False), ("B", "vit_pico", 2, False)]
