import json

import numpy as np
import polars as pl
import pytest

from study import published
from study.errors import StorageError, UnknownNameError
from study.fit import SELECTIONS
from study.fit.bootstrap import bootstrap
from study.fit.points import groups, measured
from study.fit.row import fit_group
from study.fit.run import fit
from study.fit.solve import solve
from study.laws import LAWS
from study.laws.curve import between, curve
from study.laws.power import LAW
from study.lookup import lookup
from study.lookup.answer import Budget

FLOPS = [1e12, 2e12, 4e12, 8e12, 1.6e13, 3.2e13]
EVERY = ["all"]


def only_law(table):
    return table.row(0, named=True)


def planted(flops, noise, seeds=1):
    compute = np.repeat(flops, seeds)
    return {"train_flops": compute}, np.exp(3 - 0.1 * np.log(compute) + noise)


def test_a_planted_power_law_is_recovered(results, write_study, law_rows):
    write_study(law_rows(FLOPS, alpha=0.12, beta=15.0))
    row = only_law(fit(results, "little", selections=EVERY))
    assert json.loads(row["coefficients"]) == pytest.approx({"beta": 15.0, "alpha": 0.12}, rel=1e-6)
    assert (row["n_points"], row["n_runs"], row["x_min"], row["x_max"]) == (6, 6, 1e12, 3.2e13)
    assert row["residual_std"] == pytest.approx(0, abs=1e-9)


def test_one_wild_run_moves_the_law_little(results, write_study, law_rows):
    flops = [1e12 * 1.4**power for power in range(16)]
    noise = [1 + 0.002 * (-1) ** power for power in range(16)]
    noise[-1] = 1.25
    write_study(law_rows(flops, alpha=0.12, beta=15.0, noise=noise))
    row = only_law(fit(results, "little", selections=EVERY))
    off = abs(json.loads(row["coefficients"])["alpha"] - 0.12)
    line = np.polyfit(np.log(flops), np.log(15.0 * np.array(flops) ** -0.12 * noise), 1)
    assert off < 0.004 < 2 * 0.004 < abs(-line[0] - 0.12)


@pytest.mark.parametrize(("settings", "seeds"), [(4, 1), (8, 1), (5, 3)])
def test_the_prediction_interval_holds_as_often_as_it_says(settings, seeds):
    generator, flops, new, held, trials = np.random.default_rng(0), np.geomspace(1e12, 1e14, settings), 5e14, 0, 150
    labels = np.repeat(np.arange(settings), seeds)
    for trial in range(trials):
        inputs, errors = planted(flops, generator.normal(0, 0.02, settings)[labels], seeds)
        drawn = bootstrap(solve(LAW, inputs, errors), labels.tolist(), trial)
        logs = drawn.thetas[:, 0] - drawn.thetas[:, 1] * np.log(new) + drawn.noise
        low, high = between(logs.tolist())
        held += low <= 3 - 0.1 * np.log(new) + generator.normal(0, 0.02) <= high
    # 150 trials at .9 have a standard deviation of 3.7: three of them on each side
    assert 135 - 12 <= held <= 135 + 12


def test_fewer_than_three_budgets_give_no_law_but_a_reason(results, write_study, law_rows):
    write_study(law_rows([1e12, 1e12, 2e12]))
    row = only_law(fit(results, "little"))
    assert (row["coefficients"], row["draws"]) == (None, None)
    assert row["provisional"] == "no law: 2 distinct values of train_flops, 3 are needed"


def test_budgets_that_hardly_differ_give_no_law_but_a_reason(results, write_study, law_rows):
    write_study(law_rows([1e12, 1.001e12, 1.002e12], noise=[1.01, 0.99, 1.0]))
    row = only_law(fit(results, "little", selections=EVERY))
    assert (row["coefficients"], row["draws"]) == (None, None)
    assert row["provisional"] == "no law: all values of train_flops lie within a factor of 1.002, 1.5 is needed"
    write_study(law_rows([1e12, 1.2e12, 1.5e12], noise=[1.01, 0.99, 1.0]))
    assert only_law(fit(results, "little", selections=EVERY))["coefficients"] is not None


def test_runs_left_out_are_listed_with_the_reason(results, write_study, law_rows):
    rows = law_rows(FLOPS[:4])
    rows += [{"status": "diverged", "reason": "loss is NaN"}, {"scores": {}}]
    rows += law_rows([1e12], beta=0.0) + law_rows([5e12]) + law_rows([6e12])
    rows[7]["train_flops"], rows[-1]["scores"] = None, {next(iter(rows[0]["scores"])): None}
    write_study(rows)
    row = only_law(fit(results, "little", selections=EVERY))
    assert json.loads(row["points_used"]) == ["r0", "r1", "r2", "r3"]
    assert json.loads(row["points_left_out"]) == {
        "r4": "diverged: loss is NaN",
        "r5": "no score",
        "r6": "a score of 1 leaves no error, which has no logarithm",
        "r7": "train_flops is not known",
        "r8": "no score",
    }
    assert row["provisional"] == (
        "1 of 9 runs did not complete; 2 of 9 runs have no score; 4 of 4 settings have one seed; only 4 settings"
    )


def test_numbers_that_are_none_make_no_points(results, write_study, law_rows):
    rows = law_rows(FLOPS[:5])
    rows[1]["scores"], rows[2]["train_flops"] = {next(iter(rows[1]["scores"])): float("nan")}, float("inf")
    rows[3]["train_flops"] = float("nan")
    write_study(rows)
    row = only_law(fit(results, "little"))
    assert json.loads(row["points_used"]) == ["r0", "r4"]
    assert row["provisional"].startswith("no law: 2 distinct values of train_flops")


def test_a_law_says_what_its_points_tell(results, write_study, law_rows):
    flops = [1e12 * 1.7**power for power in range(14)]
    write_study(law_rows(flops, noise=[1 + 0.004 * (index % 5 - 2) for index in range(14)]))
    table = fit(results, "little", laws=["power", "power_irreducible"], selections=EVERY)
    straight, bent = table.iter_rows(named=True)
    assert json.loads(straight["identified"]) == {"beta": None, "alpha": None}
    assert (straight["n_starts"], straight["n_converged"], straight["caution"]) == (1, 1, None)
    assert straight["gradient"] < 1e-4
    assert 0 < straight["tried_error"] < straight["tried_last_two"]
    assert json.loads(straight["residuals"]).keys() == set(json.loads(straight["points_used"]))
    assert json.loads(straight["ranges"]) == {"train_flops": [flops[0], flops[-1]]}
    assert json.loads(bent["identified"])["c"] == "no lower bound"
    assert "c is not identified, no lower bound" in bent["caution"]
    assert (straight["preferred"], bent["preferred"]) == (True, False)


def test_by_itself_only_laws_are_fitted_whose_parameters_the_points_bound(results, write_study, law_rows):
    flops = [1e12 * 1.7**power for power in range(20)]
    write_study(law_rows(flops, noise=[1 + 0.004 * (index % 5 - 2) for index in range(20)]))
    assert fit(results, "little")["law"].to_list() == ["power"]
    rows = law_rows(flops, alpha=0.3, beta=1500.0)
    for index, row in enumerate(rows):
        row["scores"] = {name: value - 0.3 + 0.001 * (index % 3) for name, value in row["scores"].items()}
    write_study(rows)
    assert "power_irreducible" in fit(results, "little")["law"].to_list()


def test_an_irreducible_error_of_the_published_runs_is_not_identified():
    runs, scores = published.runs(), published.scores()
    points = measured(runs, scores, "imagenet1k", "zeroshot_top1", ["train_flops"])
    (group,) = (one for one in groups(points) if json.loads(one.name).get("pretrain_data") == "LAION-2B")
    row = fit_group("power_irreducible", group, "pareto", seed=0)
    assert json.loads(row["identified"])["c"] == "no lower bound"


def test_repeats_of_enough_settings_make_a_firm_law(results, write_study, law_rows):
    rows = [
        {**row, "setting": f"s{index}"}
        for seed in range(2)
        for index, row in enumerate(law_rows(FLOPS, noise=[1 + 0.01 * seed] * 6))
    ]
    write_study(rows)
    row = only_law(fit(results, "little", selections=EVERY))
    assert (row["n_points"], row["n_runs"], row["provisional"]) == (6, 12, None)


def test_each_selection_keeps_what_it_says():
    flops = [1.0, 1.5, 10.0, 100.0, 120.0, 1e5]
    table = pl.DataFrame({"setting": list("abcdef"), "train_flops": flops, "error": [0.9, 0.8, 0.85, 0.5, 0.6, 0.4]})
    kept = {name: "".join(sorted(SELECTIONS.load(name).keep(table))) for name in SELECTIONS.names()}
    # five bins of one decade each: a, b | c | d, e | - | f
    assert kept == {"all": "abcdef", "best_per_bin": "bcdf", "pareto": "abdf"}


@pytest.mark.parametrize("least", [3e16, 1e15, 1.7e17, 1.3302e20])
@pytest.mark.parametrize("step", [2, 10])
def test_settings_on_the_edges_of_bins_fall_to_the_upper_one_whatever_the_rounding(least, step):
    settings = pl.DataFrame(
        {"setting": list("abcdef"), "train_flops": [least * step**at for at in range(6)], "error": [0.5] * 6}
    )
    assert SELECTIONS.load("best_per_bin").keep(settings) == set("abcde")


def test_each_selection_takes_one_setting_and_none():
    one = pl.DataFrame({"setting": ["a"], "train_flops": [1e12], "error": [0.5]})
    for name in SELECTIONS.names():
        assert SELECTIONS.load(name).keep(one) == {"a"}
        assert SELECTIONS.load(name).keep(one.clear()) == set()


def test_groups_go_from_a_family_to_all_of_a_source(results, write_study, law_rows):
    write_study(law_rows(FLOPS) + law_rows(FLOPS, family="resnet") + law_rows(FLOPS, strategy_label="flip"))
    groups = [json.loads(group) for group in fit(results, "little")["group"]]
    assert [len(group) for group in groups] == [5, 5, 5, 4, 1]
    assert groups[3] == {
        "source": "embedded", "pretrain_data": "embedded", "strategy_label": "clip", "quality": "unfiltered",
    }  # fmt: skip


def test_a_curve_gives_the_law_its_interval_and_how_far_it_reaches(results, write_study, law_rows):
    noise = [1.01, 0.99, 1.02, 0.98, 1.0, 1.0]
    write_study(law_rows(FLOPS, alpha=0.1, beta=15.0, noise=noise))
    law = curve(only_law(fit(results, "little", selections=EVERY)))
    near, far = law.error({"train_flops": 4e12}), law.error({"train_flops": 3.2e15})
    assert near.middle == pytest.approx(15 * 4e12**-0.1, rel=0.02)
    assert near.low < near.middle < near.high
    assert np.log(far.high / far.low) > 2 * np.log(near.high / near.low)
    score = law.score({"train_flops": 4e12})
    assert (score.low, score.high) == (1 - near.high, 1 - near.low)
    assert [law.outside({"train_flops": flops}) for flops in (4e12, 5e11, 3.2e14)] == pytest.approx([1, 2, 10])


def test_wild_draws_of_three_points_stay_within_0_and_1(results, write_study, law_rows):
    write_study(law_rows(FLOPS[:3], noise=[1.3, 0.6, 1.2]))
    law = curve(only_law(fit(results, "little")))
    found = law.error({"train_flops": 1e30})
    assert 0 <= found.low <= found.middle <= found.high <= 1


def test_a_law_so_steep_that_it_overflows_is_drawn_and_asked_all_the_same(results, write_study, law_rows):
    write_study(law_rows([1e12, 1.25e12, 1.5e12], noise=[0.3, 0.6, 1.0]))
    law = curve(only_law(fit(results, "little")))
    far = law.error({"train_flops": 1e300})
    assert (far.middle, far.high) == (1, 1)
    near = lookup("little", Budget("train_flops", 1.4e13), results, target=0.99)
    assert [option.score for option in near.predicted] == [0]
    assert not lookup("little", Budget("train_flops", 1e300), results, target=0.99).predicted


def test_a_fit_is_the_same_again(results, write_study, law_rows):
    write_study(law_rows(FLOPS, noise=[1.01, 0.99, 1.02, 0.98, 1.0, 1.0]))
    assert fit(results, "little").equals(fit(results, "little"))


def test_a_study_without_scores_has_no_laws(results, write_study):
    write_study([{"status": "failed", "reason": "no such file"}])
    assert fit(results, "little").is_empty()


def test_unknown_names_and_missing_tables_name_the_way_out(results, write_study, law_rows):
    write_study(law_rows(FLOPS))
    with pytest.raises(UnknownNameError, match="unknown law 'powr'; did you mean power"):
        fit(results, "little", laws=["powr"])
    with pytest.raises(StorageError, match="study collect absent"):
        fit(results, "absent")


@pytest.mark.parametrize("name", LAWS.names())
def test_every_law_takes_numbers_and_arrays_alike_and_fits_its_own_points(name):
    law = LAWS.load(name)
    inputs = {column: np.geomspace(1e9, 1e13, 12) for column in law.inputs}
    theta = law.starts(inputs, np.linspace(0.9, 0.5, 12))[0]
    errors = law.error(theta, inputs)
    single = law.error(theta, {column: float(values[3]) for column, values in inputs.items()})
    assert single == pytest.approx(np.broadcast_to(errors, 12)[3])
    assert len(theta) == len(law.parameters)
    assert set(law.coefficients(theta))
    again = solve(law, inputs, np.broadcast_to(errors, 12))
    assert again.residuals == pytest.approx(np.zeros(12), abs=1e-6)
    assert all((law.formula, law.citation, law.inputs))
