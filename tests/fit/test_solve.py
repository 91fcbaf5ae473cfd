"""The fit: planted coefficients come back, the optimum is scipy's, and what did not converge is counted."""

import math

import numpy as np
import pytest
from scipy.optimize import least_squares

from study.fit.bootstrap import bootstrap
from study.fit.descent import Problem, descend
from study.fit.identified import identified
from study.fit.solve import solve
from study.fit.steady import unsteady
from study.laws import LAWS
from study.laws.curve import between

PLANTED = {
    "power": [math.log(15.0), 0.12],
    "power_irreducible": [math.log(500.0), 0.25, math.log(0.15)],
    "shifted_power": [math.log(3000.0), math.log(3e13), 0.25, math.log(0.2)],
    "chinchilla": [math.log(0.12), math.log(0.9), math.log(60.0), 0.4, 0.3],
    "repeated": [math.log(0.12), math.log(0.9), math.log(60.0), 0.4, 0.3, math.log(8.0)],
    "filtering": [math.log(30.0), 0.25, math.log(0.1), math.log(4.0)],
}


def grid(columns):
    """Three sizes, six budgets, three pools; compute from 1e12 to 1e17."""
    sizes, samples, unique = np.meshgrid([10.0, 60.0, 400.0], np.geomspace(1e4, 1e9, 6), [1e4, 1e5, 1e8])
    table = {"params_m": sizes, "samples_seen": samples, "unique_pairs": unique, "train_flops": 6e6 * sizes * samples}
    return {name: table[name].ravel() for name in columns}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_coefficients_are_recovered_from_far_starts(name):
    law = LAWS.load(name)
    inputs = grid(law.inputs)
    found = solve(law, inputs, law.error(PLANTED[name], inputs))
    assert found.theta == pytest.approx(PLANTED[name], abs=1e-4)
    assert found.gradient < 1e-2
    assert 1 <= found.converged <= found.starts
    assert law.coefficients(found.theta).keys() == set(law.names())


@pytest.mark.parametrize("name", PLANTED)
def test_planted_parameters_are_identified_where_the_grid_is_wide(name):
    law = LAWS.load(name)
    inputs, generator = grid(law.inputs), np.random.default_rng(0)
    errors = law.error(PLANTED[name], inputs) * np.exp(generator.normal(0, 0.01, 54))
    assert set(identified(solve(law, inputs, errors), 54).values()) == {None}


@pytest.mark.parametrize("name", ["power", "shifted_power", "chinchilla"])
def test_the_optimum_is_scipys(name):
    law = LAWS.load(name)
    inputs, generator = grid(law.inputs), np.random.default_rng(1)
    logs = np.log(law.error(PLANTED[name], inputs)) + generator.standard_t(3, 54) * 0.02
    found = solve(law, inputs, np.exp(logs))
    other = least_squares(
        lambda theta: np.log(law.error(theta, inputs)) - logs, PLANTED[name], loss="huber",
        f_scale=found.problem.delta, x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14, jac="3-point",
    )  # fmt: skip
    assert found.cost == pytest.approx(other.cost, rel=1e-7)
    assert found.theta == pytest.approx(other.x, rel=1e-3)


def test_many_fits_at_once_are_those_of_one_by_one():
    law, generator = LAWS.load("power_irreducible"), np.random.default_rng(2)
    inputs = grid(law.inputs)
    logs = np.log(law.error(PLANTED["power_irreducible"], inputs)) + generator.normal(0, 0.05, (4, 54))
    starts = np.tile(PLANTED["power_irreducible"], (4, 1))
    together = descend(Problem(law, inputs, logs, 0.05), starts, 200)
    apart = [descend(Problem(law, inputs, row, 0.05), starts[:1], 200).thetas[0] for row in logs]
    assert together.thetas == pytest.approx(np.array(apart), rel=1e-6)
    assert together.arrived.all()


def test_a_held_parameter_stays_and_the_others_are_fitted():
    law = LAWS.load("power_irreducible")
    inputs = grid(law.inputs)
    problem = Problem(law, inputs, np.log(law.error(PLANTED["power_irreducible"], inputs)))
    start = np.array([[math.log(500.0), 0.25, math.log(0.05)]])
    found = descend(problem, start, 200, held=np.array([[False, False, True]]))
    assert found.thetas[0, 2] == start[0, 2]
    assert 0 < found.costs[0] < problem.costs(problem.residuals(start))[0]


def test_an_irreducible_error_that_a_straight_line_does_not_need_is_not_identified():
    law, generator = LAWS.load("power_irreducible"), np.random.default_rng(3)
    inputs = {"train_flops": np.geomspace(1e16, 1e18, 20)}
    errors = 300 * inputs["train_flops"] ** -0.15 * np.exp(generator.normal(0, 0.02, 20))
    told = identified(solve(law, inputs, errors), 20)
    assert told["c"] == "no lower bound"


def test_a_coefficient_that_follows_the_range_is_found_and_a_true_one_is_not():
    law, generator = LAWS.load("power"), np.random.default_rng(4)
    compute = np.geomspace(1e12, 1e17, 40)
    noise = np.exp(generator.normal(0, 0.01, 40))
    for errors, expected in ((15 * compute**-0.1, set()), (0.9 - 0.12 * np.log10(compute / 1e12), {"beta", "alpha"})):
        whole = solve(law, {"train_flops": compute}, errors * noise)
        part = solve(law, {"train_flops": compute[:20]}, (errors * noise)[:20])
        moved = unsteady(whole, [(0.5, part)])
        assert set(moved) == expected
    assert "without the top 50%" in moved["alpha"]


def test_intervals_of_a_curved_law_hold_within_its_points():
    law, generator, held, trials = LAWS.load("shifted_power"), np.random.default_rng(5), 0, 60
    inputs = {"train_flops": np.geomspace(1e12, 1e17, 16)}
    true, new = law.error(PLANTED["shifted_power"], inputs), {"train_flops": 1e16}
    wanted = math.log(law.error(PLANTED["shifted_power"], new))
    for trial in range(trials):
        found = solve(law, inputs, true * np.exp(generator.normal(0, 0.03, 16)))
        drawn = bootstrap(found, list(range(16)), trial)
        logs = [math.log(law.error(theta, new)) for theta in drawn.thetas.tolist()] + drawn.noise
        low, high = between(logs.tolist())
        held += low <= wanted + generator.normal(0, 0.03) <= high
    # 60 trials at .9 have a standard deviation of 2.3: three of them on each side
    assert 54 - 7 <= held <= 60
