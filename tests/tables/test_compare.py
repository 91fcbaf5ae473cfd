import math
import random

import polars as pl
import pytest

from study import io
from study.fit.run import fit
from study.lookup import Budget, lookup
from study.records import RUNS_COLUMNS, schema
from study.summary.compare import compare
from study.summary.equal import groups
from study.summary.headline import Headline
from study.summary.paired import Difference, difference, holm, possible_ranks, verdict
from study.summary.relative import strategy_cost
from study.summary.runs import read_runs
from study.summary.settings import settings

RECALL = "text_retrieval_recall_at_5"
TARGET = Headline("embedded/test", RECALL)
ROWS = ("equal", "strategy_label", "samples_seen")


def seeds(label, values, **fields):
    """Runs of one setting, a seed a value; the setting is called by what makes it one."""
    setting = "-".join(map(str, (label, *fields.values())))
    return [
        {"strategy_label": label, "setting": setting, "seed": seed, "scores": {RECALL: value}, **fields}
        for seed, value in enumerate(values)
    ]


@pytest.fixture
def table(write_study):
    """A function that gives the settings of a study of these runs."""

    def make(rows):
        folder = write_study(rows)
        return settings(read_runs(folder), io.read_parquet(folder / "scores.parquet"), TARGET)

    return make


def noisy(label, mean, shared, own=0.002, **fields):
    """Scores that share most of their noise by seed, as runs of one seed do."""
    noise = random.Random(label)
    return seeds(label, [mean + common + noise.gauss(0, own) for common in shared], **fields)


SHARED = (-0.03, 0.02, 0.0, 0.04, -0.02)


def test_a_difference_is_that_of_the_seeds_that_both_have():
    # differences .01, .03, .02 of seeds 0 to 2: mean .02, sd .01, standard error .01 / sqrt 3
    found = difference({0: 0.31, 1: 0.43, 2: 0.22, 7: 0.9}, {0: 0.3, 1: 0.4, 2: 0.2, 8: 0.1})
    assert (found.n, found.mean, found.sd) == (3, pytest.approx(0.02), pytest.approx(0.01))
    half = 2.920 * 0.01 / math.sqrt(3)  # Student's t, two degrees of freedom
    assert (found.low, found.high) == pytest.approx((0.02 - half, 0.02 + half))
    # with two degrees of freedom P(|T| > t) = 1 - t / sqrt(2 + t^2); t = .02 / (.01 / sqrt 3) = 2 sqrt 3
    assert found.p == pytest.approx(1 - math.sqrt(12 / 14))


@pytest.mark.parametrize(
    ("ours", "theirs", "found", "said"),
    [
        ({0: 0.5}, {0: 0.4}, Difference(1, 0.1), "one seed"),
        ({0: 0.5, 1: 0.6}, {2: 0.4, 3: 0.4}, Difference(0), "no shared seed"),
        ({0: 0.51, 1: 0.41}, {0: 0.4, 1: 0.3}, Difference(2, 0.11, 0.0), "not told apart"),  # no spread, no test
    ],
)
def test_what_seeds_cannot_tell_is_none(ours, theirs, found, said):
    got = difference(ours, theirs)
    assert (got.n, got.mean, got.sd) == (found.n, pytest.approx(found.mean), found.sd)
    assert (got.low, got.high) == (None, None)
    assert got.p == (1.0 if got.sd == 0 else None)
    assert verdict(got, got.p) == said


def test_holm_by_hand():
    # sorted .01 x 4, .02 x 3, .03 x 2, .2 x 1; never less than the one before
    assert holm([0.03, 0.01, None, 0.2, 0.02]) == pytest.approx([0.06, 0.04, None, 0.2, 0.06], nan_ok=True)
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([None]) == [None]


def test_possible_ranks_are_what_the_others_leave():
    assert possible_ranks(["better", "not told apart", "worse", "worse"]) == (3, 4)
    assert possible_ranks(["better", "better"]) == (1, 1)
    assert possible_ranks(["not told apart", "one seed"]) == (1, 3)
    assert possible_ranks(["one seed", "no shared seed"]) is None


def test_planted_differences_are_found_and_others_are_not(table):
    rows = [
        *noisy("plain", 0.30, SHARED),
        *noisy("worse", 0.25, SHARED),
        *noisy("better", 0.36, SHARED),
        *noisy("same", 0.3005, SHARED),
    ]
    found = compare(table(rows), "plain")
    told = dict(found.select("strategy_label", "verdict").iter_rows())
    assert told == {"better": "better", "same": "not told apart", "plain": "baseline", "worse": "worse"}
    ranks = {label: (low, high) for label, low, high in found.select("strategy_label", "rank_low", "rank_high").rows()}
    assert ranks == {"better": (1, 1), "same": (2, 3), "plain": (2, 3), "worse": (4, 4)}
    assert found["rank"].to_list() == [1, 2, 3, 4]
    better = found.row(0, named=True)
    assert better["difference"] == pytest.approx(0.06, abs=0.004)
    assert better["difference_low"] < better["difference"] < better["difference_high"]
    assert better["pairs"] == 5
    plain = found.filter(pl.col("strategy_label") == "plain").row(0, named=True)
    assert (plain["difference"], plain["p"], plain["pairs"]) == (None, None, None)


def test_pairs_tell_apart_what_intervals_of_means_do_not(table):
    found = compare(table([*noisy("plain", 0.30, SHARED), *noisy("other", 0.31, SHARED, own=0.0005)]), "plain")
    first, second = found.rows(named=True)
    assert first["low"] < second["high"]
    assert first["verdict"] == "better"


def test_noise_alone_is_rarely_told_apart():
    """Of 200 groups of seven differences that are noise, about one in ten may have any: that is what Holm promises."""
    noise, wrong = random.Random(5), 0
    for _ in range(200):
        plain = {seed: noise.gauss(0.3, 0.02) for seed in range(5)}
        others = [{seed: value + noise.gauss(0, 0.01) for seed, value in plain.items()} for _ in range(7)]
        wrong += min(holm([difference(other, plain).p for other in others])) <= 0.1
    assert 4 <= wrong <= 34  # 20 ± 3 sd or so; without Holm it would be about 80


def test_the_correction_is_over_the_group(table):
    """A difference that would pass alone does not among many that are noise."""
    alone = [*noisy("plain", 0.30, SHARED, own=0.01), *noisy("other", 0.315, SHARED, own=0.01)]
    crowd = [row for index in range(6) for row in noisy(f"noise{index}", 0.30, SHARED, own=0.01)]
    verdicts = [
        compare(table(rows), "plain").filter(pl.col("strategy_label") == "other")["verdict"][0]
        for rows in (alone, alone + crowd)
    ]
    assert verdicts == ["better", "not told apart"]


def test_equal_in_all_but_strategy_and_optimiser(table):
    rows = [
        *seeds("a", [0.3, 0.31], lr=1e-3, other_settings="warmup=0.1, weight_decay=0.1"),
        *seeds("b", [0.4, 0.41], lr=3e-4, tuned="lr 0.0003 of 3 tried", other_settings="beta2=0.98"),
        *seeds("c", [0.5], global_batch_size=256),
        *seeds("d", [0.5], arch="resnet_nano"),
        *seeds("e", [0.5], unique_pairs=500),
        *seeds("f", [0.5], quality="best 50 %"),
        *seeds("g", [0.5], image_size=64),
        *seeds("h", [0.5], other_settings="precision=bf16, warmup=0.1"),
        *seeds("i", [0.5], samples_seen=8192, train_flops=2e12),
    ]
    found = list(groups(table(rows)))
    assert [(kind, group["strategy_label"].sort().to_list()) for kind, group in found] == [("samples_seen", ["a", "b"])]


def test_a_value_with_commas_is_one_setting(table):
    """What an optimiser's setting holds is no other setting."""
    rows = [*seeds("a", [0.3], other_settings="tuning={'runs': ['r1', 'r2'], 'on': 'x=y, z'}, warmup=0.1"),
            *seeds("b", [0.4])]  # fmt: skip
    assert compare(table(rows), "a").height == 2


def test_equal_flops_are_within_two_percent_and_one_a_strategy(table):
    rows = [
        *seeds("a", [0.30, 0.31], samples_seen=4096, train_flops=1.000e12),
        *seeds("b", [0.32, 0.33], samples_seen=8192, train_flops=1.001e12),
        *seeds("c", [0.34, 0.36], samples_seen=2048, train_flops=1.002e12),
        *seeds("c", [0.39, 0.39], samples_seen=2000, train_flops=0.990e12),  # further from the median, and better
        *seeds("d", [0.37, 0.38], samples_seen=9000, train_flops=1.030e12),  # too far
    ]
    found = compare(table(rows), "a")
    assert found.select(ROWS).rows() == [
        ("train_flops", "c", 2048),
        ("train_flops", "b", 8192),
        ("train_flops", "a", 4096),
    ]


def test_the_same_runs_are_not_compared_twice(table):
    """Strategies of equal cost are equal in FLOPs where they are equal in samples: one comparison, not two."""
    rows = [*seeds("a", [0.3, 0.31]), *seeds("b", [0.4, 0.41], train_flops=1.01e12)]
    assert compare(table(rows), "a")["equal"].to_list() == ["samples_seen", "samples_seen"]


def test_a_run_may_be_in_both_kinds_of_group(table):
    rows = [
        *seeds("a", [0.30, 0.31], samples_seen=4096, train_flops=1e12),
        *seeds("b", [0.28, 0.30], samples_seen=4096, train_flops=5e11),
        *seeds("b", [0.35, 0.36], samples_seen=8192, train_flops=1e12),
    ]
    assert compare(table(rows), "a").select(ROWS).rows() == [
        ("samples_seen", "a", 4096),
        ("samples_seen", "b", 4096),
        ("train_flops", "b", 8192),
        ("train_flops", "a", 4096),
    ]


def test_a_strategy_tried_with_two_learning_rates_is_compared_at_each(table):
    rows = [row for lr in (1e-3, 1e-4) for label in "ab" for row in seeds(label, [0.3, 0.32], lr=lr)]
    found = compare(table(rows), "a")
    assert found.group_by("group").agg(pl.col("lr").n_unique(), pl.col("strategy_label").n_unique()).select(
        "lr", "strategy_label"
    ).rows() == [(1, 2), (1, 2)]


def test_two_tunings_of_one_strategy_count_once(table):
    tuned = {"tuned": "lr 0.001 of 3 tried, by embedded/validation"}
    rows = [
        *seeds("a", [0.30, 0.31], **tuned),
        *[{**row, "setting": "again"} for row in seeds("a", [0.30, 0.31, 0.32], **tuned)],
        *seeds("b", [0.28, 0.30, 0.31], **tuned),
    ]
    assert compare(table(rows), "a").select("strategy_label", "n").rows() == [("a", 3), ("b", 3)]


def test_a_group_without_its_baseline_is_ranked_alone(table):
    found = compare(table([*noisy("a", 0.30, SHARED), *noisy("b", 0.36, SHARED)]), "absent")
    assert found.select("rank", "rank_low", "rank_high", "verdict", "difference").rows() == [
        (1, 1, 1, None, None),
        (2, 2, 2, None, None),
    ]


def test_one_strategy_is_no_comparison(table):
    rows = seeds("a", [0.3, 0.31])
    found = compare(table(rows), "a")
    assert found.is_empty()
    assert {"verdict", "rank", "group", "equal"} <= set(found.columns)
    assert strategy_cost(found, pl.DataFrame(schema=schema(RUNS_COLUMNS)), "a").is_empty()


TIMED = {"gpu": "a processor", "n_gpus": 1, "threads": 1}


def costs(write_study, rows):
    folder = write_study(rows)
    runs = read_runs(folder)
    compared = compare(settings(runs, io.read_parquet(folder / "scores.parquet"), TARGET), "a")
    return {row["strategy_label"]: row for row in strategy_cost(compared, runs, "a").iter_rows(named=True)}


def timed(label, hours, **fields):
    rows = seeds(label, [0.3 + 0.01 * seed for seed in range(len(hours))], **fields)
    return [{**TIMED, **row, "train_hours": hour} for row, hour in zip(rows, hours, strict=True)]


def test_cost_ratios_by_hand(write_study):
    found = costs(
        write_study,
        [
            *timed("a", [0.10, 0.12, 0.50], train_flops=2e12, step_time_ms=100.0, data_wait_ms=5.0),
            *timed("b", [0.06, 0.05, 0.09], train_flops=9e11, step_time_ms=80.0, data_wait_ms=20.0),
        ],
    )
    assert (found["a"]["flop_ratio"], found["a"]["time_ratio"], found["a"]["efficiency"]) == (1, 1, 1)
    b = found["b"]
    assert (b["flop_ratio"], b["time_ratio"]) == pytest.approx((0.45, 0.06 / 0.12))
    assert b["efficiency"] == pytest.approx(0.9)
    assert (b["time_ratio_low"], b["time_ratio_high"], b["timed"]) == (
        pytest.approx(0.05 / 0.12),
        pytest.approx(0.09 / 0.12),
        3,
    )
    assert (found["a"]["data_wait_share"], b["data_wait_share"]) == pytest.approx((0.05, 0.25))


def test_times_are_compared_on_one_machine(write_study):
    other = {"gpu": "another", "threads": 2}
    rows = [
        *timed("a", [0.10, 0.12], train_flops=1e12),
        *timed("b", [0.30, 0.30], train_flops=2e12),
        *timed("c", [0.20, 0.20], train_flops=2e12),
    ]
    rows[3] |= other  # one run of b
    rows[4] |= other  # all of c: the baseline was never timed there
    rows[5] |= {"threads": 4}
    found = costs(write_study, rows)
    assert (found["b"]["time_ratio"], found["b"]["timed"]) == (pytest.approx(0.30 / 0.11), 1)
    assert (found["c"]["time_ratio"], found["c"]["efficiency"], found["c"]["flop_ratio"]) == (None, None, 2)


def test_what_was_not_measured_stays_missing(write_study):
    rows = [*timed("a", [0.1, 0.1], train_flops=1e12), *timed("b", [None, 0.0], train_flops=None)]
    found = costs(write_study, rows)["b"]
    names = ("flop_ratio", "time_ratio", "time_ratio_low", "efficiency", "data_wait_share", "peak_memory_gib", "timed")
    assert [found[name] for name in names] == [None] * len(names)


def test_runs_made_to_tune_are_no_results(results, write_study):
    rows = [
        *({"setting": f"s{index}", "train_flops": 1e12 * 2**index, "scores": {RECALL: 0.3}} for index in range(4)),
        {"setting": "trial", "purpose": "tuning", "scores": {RECALL: 0.9}},
        {"setting": "kept", "purpose": "study", "scores": {RECALL: 0.2}},
        {"setting": "failed", "purpose": "tuning", "status": "diverged"},
    ]
    folder = write_study(rows)
    found = settings(read_runs(folder), io.read_parquet(folder / "scores.parquet"), TARGET)
    assert sorted(found["setting"]) == ["kept", "s0", "s1", "s2", "s3"]
    laws = fit(results, "little")
    assert not {"r4", "r6"} & {run for row in laws.iter_rows(named=True) for run in row["points_used"].split('"')}
    assert not any("r4" in row or "r6" in row for row in laws["points_left_out"])
    answer = lookup("little", Budget("train_flops", 1e13), results)
    assert answer.measured[0].score == pytest.approx(0.3)
    assert not any("did not complete" in note for note in answer.notes)


def test_tables_from_before_tuning_are_read_as_studied(results, write_study):
    folder = write_study([*seeds("a", [0.3, 0.31]), *seeds("b", [0.4, 0.42])])
    old = io.read_parquet(folder / "runs.parquet").drop("purpose", "tuned")
    io.write_parquet(folder / "runs.parquet", old)
    runs = read_runs(folder)
    assert (runs["purpose"].null_count(), runs["tuned"].null_count()) == (4, 4)
    found = compare(settings(runs, io.read_parquet(folder / "scores.parquet"), TARGET), "a")
    assert found["strategy_label"].to_list() == ["b", "a"]
    assert fit(results, "little").height
    assert lookup("little", Budget("train_flops", 1e12), results).measured
