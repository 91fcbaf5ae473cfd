"""Points held out inside: drift is 0 for a law that holds, that of the planted bend for one that does not."""

import numpy as np
import polars as pl
import pytest

from study.fit import SELECTIONS
from study.fit.bootstrap import DRAWS
from study.fit.forward import forward
from study.fit.last_two import last_two
from study.fit.split import decades, split
from study.laws import LAWS

LAW = LAWS.load("power")


def points(errors, compute):
    names = [f"r{index:02d}" for index in range(len(compute))]
    return pl.DataFrame({"run_id": names, "setting": names, "train_flops": compute, "error": errors})


def of(errors, compute):
    table = points(errors, compute)
    return forward(LAW, table, table, SELECTIONS.load("all"))


def test_a_law_that_holds_has_little_drift_and_one_that_bends_has_much():
    compute, generator = np.geomspace(1e12, 1e17, 40), np.random.default_rng(0)
    noise = np.exp(generator.normal(0, 0.01, 40))
    straight, bent = 15 * compute**-0.1, 0.9 - 0.12 * np.log10(compute / 1e12)
    assert of(straight * noise, compute).drift < 0.03
    found = of(bent * noise, compute)
    assert found.drift > 0.1
    assert found.errors.shape == found.baseline.shape
    assert [share for share, _ in found.fits] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert np.std(found.drifts(0)) > found.drift  # Student's tails of five cuts


def test_three_points_cannot_be_tried():
    found = of([0.5, 0.45, 0.4], [1e12, 1e13, 1e14])
    assert (found.fits, found.drift, found.errors.size) == ((), 0.0, 0)
    assert found.drifts(0).tolist() == [0.0] * DRAWS


def test_the_last_two_points_of_the_front_are_extended_as_a_line():
    below = points([0.8, 0.9, 0.4, 0.2], [1e12, 2e12, 1e13, 1e14])
    above = points([0.1, 0.1], [1e15, 1e16])
    assert last_two(below, above) == pytest.approx([0.1, 0.05])
    assert last_two(below.head(2), above) is None


def test_a_split_asks_for_the_best_and_never_saw_them():
    table = points([0.9, 0.8, 0.85, 0.5, 0.6, 0.4], [1e12, 2e12, 1e13, 1e14, 1.2e14, 1e15])
    pareto = SELECTIONS.load("pareto")
    used = table.filter(pl.col("setting").is_in(["r00", "r01", "r03", "r05"]))
    below, above = split(table, used, pareto, 1e13)
    assert below["run_id"].to_list() == ["r00", "r01"]
    assert above["run_id"].to_list() == ["r03", "r05"]


def test_distance_is_what_a_curve_calls_outside():
    below = {"params_m": np.array([100.0, 10.0]), "train_flops": np.array([1e12, 1e13])}
    new = {"params_m": np.array([50.0, 50.0, 1.0]), "train_flops": np.array([1e13, 1e15, 2e13])}
    assert decades(new, below) == pytest.approx([0, 2, 1])
