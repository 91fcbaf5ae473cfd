"""The utility of a pool of data is lost as it is repeated: E = a n^-b + d for new pairs, whose exponent b halves with
every tau epochs more (Goyal et al., 2024, arXiv:2404.07177).

For one architecture and one pool: pools of other quality have a law each, and where they cross says which one to train
on. Departs from the paper in letting b fall with every pair, where it falls with every epoch: after k epochs of U pairs

    log E - d = log a - b (log U + integral from 0 to log k of 2^(-(e^u - 1) / tau) du),

by Gauss's quadrature; and in fitting each pool by itself, where the paper shares a and d between pools.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from study.laws.law import Law, Theta, middle, repeats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.laws.law import Value

# Gauss-Legendre's places and weights on 0 to 1, eight of them (Abramowitz and Stegun, 1964, table 25.4)
HALF = (
    (0.1834346424956498, 0.3626837833783620),
    (0.5255324099163290, 0.3137066458778873),
    (0.7966664774136267, 0.2223810344533745),
    (0.9602898564975363, 0.1012285362903763),
)
PLACES = tuple(((1 + sign * place) / 2, weight / 2) for place, weight in HALF for sign in (-1, 1))
EXPONENTS = (0.05, 0.2, 0.5)
SHARES = (0.05, 0.6)  # of the lowest error, that is irreducible
HALVED = (2.0, 10.0)  # epochs


class Filtering(Law):
    """a, d and tau are fitted as logarithms; with a tau of 1000 epochs repeats are as good as new."""

    formula = "E = a n^−b + d; b halves every τ epochs"
    citation = "arXiv:2404.07177"
    inputs = ("samples_seen", "unique_pairs")
    parameters = ("log_a", "b", "log_d", "log_tau")
    limits = ((-math.inf, math.inf), (0.0, 3.0), (math.log(1e-4), math.log(10.0)), (math.log(0.05), math.log(1000.0)))
    selection = "all"
    within = ("arch",)

    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """Through the middle of the points, with a grid of exponents, irreducible shares and half-lives."""
        data, error, least = math.log(middle(inputs["samples_seen"])), middle(errors), float(min(errors))
        return [
            (math.log(error - share * least) + b * data, b, math.log(share * least), math.log(halved))
            for b, share, halved in product(EXPONENTS, SHARES, HALVED)
        ]

    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """a n^-b + d at the number of new pairs that would do as well."""
        log_a, b, log_d, log_tau = theta
        epochs = 1 + repeats(inputs["samples_seen"], inputs["unique_pairs"])
        seen, halving = inputs["samples_seen"] / epochs, 2.0 ** -(math.e**-log_tau)
        utility = sum(weight * halving ** (epochs**place - 1) for place, weight in PLACES)
        return math.e**log_a * (seen * epochs**utility) ** -b + math.e**log_d


LAW = Filtering()
