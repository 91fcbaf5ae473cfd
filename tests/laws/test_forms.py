"""Each law's formula by hand, on numbers and arrays, and its limits."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from study import laws
from study.laws import LAWS
from study.laws.law import repeats

BY_HAND = {
    "power": ([math.log(2.0), 0.5], {"train_flops": 16.0}, 0.5),
    "power_irreducible": ([math.log(2.0), 0.5, math.log(0.25)], {"train_flops": 16.0}, 0.75),
    "shifted_power": ([math.log(2.0), math.log(9.0), 0.5, math.log(0.25)], {"train_flops": 16.0}, 0.65),
    # .1 + 8 / 64^.5 / 10 + 3 / 1000^(1/3)
    "chinchilla": (
        [math.log(0.1), math.log(0.8), math.log(3.0), 0.5, 1 / 3],
        {"params_m": 64.0, "samples_seen": 1000.0},
        0.1 + 0.1 + 0.3,
    ),
    # 3 epochs of 500 pairs, R* = 4: D' = 500 (1 + 4 (1 - exp(-1 / 2)))
    "repeated": (
        [math.log(0.1), math.log(0.8), math.log(3.0), 0.5, 1 / 3, math.log(4.0)],
        {"params_m": 64.0, "samples_seen": 1500.0, "unique_pairs": 500.0},
        0.2 + 3 * (500 * (1 + 4 * (1 - math.exp(-0.5)))) ** (-1 / 3),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_formula_by_hand(name):
    theta, inputs, expected = BY_HAND[name]
    assert LAWS.load(name).error(theta, inputs) == pytest.approx(expected, rel=1e-12)


def test_utility_is_lost_as_the_integral_says():
    law, epochs, tau = LAWS.load("filtering"), 6.5, 3.0
    integral, _ = quad(lambda u: 2 ** (-(math.exp(u) - 1) / tau), 0, math.log(epochs))
    expected = 2.0 * math.exp(-0.3 * (math.log(1000) + integral)) + 0.05
    inputs = {"samples_seen": 1000 * epochs, "unique_pairs": 1000.0}
    assert law.error([math.log(2), 0.3, math.log(0.05), math.log(tau)], inputs) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["repeated", "filtering"])
def test_without_repeats_unique_pairs_do_not_matter_and_repeats_are_worth_less(name):
    law = LAWS.load(name)
    inputs = {"params_m": 50.0, "samples_seen": 1e6}
    theta = law.starts({**inputs, "samples_seen": [1e6], "params_m": [50.0]}, [0.5])[0]
    fresh, pool, few = (law.error(theta, {**inputs, "unique_pairs": pairs}) for pairs in (1e6, 1e9, 1e5))
    assert fresh == pytest.approx(pool)
    assert few > fresh
    # with data that never tire, they are as good as new
    endless = [*theta[:-1], law.limits[-1][1]]
    again, once = (law.error(endless, {**inputs, "unique_pairs": pairs}) for pairs in (1e5, 1e6))
    assert again == pytest.approx(once, rel=0.01)


def test_repeats_by_arithmetic():
    assert repeats(300.0, 100.0) == 2
    assert repeats(50.0, 100.0) == 0
    assert repeats(np.array([300.0, 50.0]), 100.0).tolist() == [2, 0]


@pytest.mark.parametrize("name", LAWS.names())
def test_coefficients_are_named_as_in_the_formula(name):
    law = LAWS.load(name)
    greek = law.formula.translate(str.maketrans("αβτ", "abt"))
    for coefficient in law.names():
        assert coefficient[0] in greek
    assert len(law.parameters) == len(law.limits)
    assert all(low < high for low, high in law.limits)


@pytest.mark.parametrize("path", sorted(Path(laws.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_laws_load_without_numpy(path):
    loaded = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in loaded for alias in node.names} | {getattr(node, "module", "") for node in loaded}
    assert not {name for name in names if name and name.split(".")[0] in {"numpy", "scipy"}}
