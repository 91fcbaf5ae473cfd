"""Parameters and data each take their part of the error away: L = E + A / N^alpha + B / D^beta (Hoffmann et al., 2022,
arXiv:2203.15556, equation 2; Besiroglu et al., 2024, arXiv:2404.10102, whose estimates this fit reproduces).

Departs from them in L, which is 1 minus a score and not a loss, in N, millions of parameters of both towers, and in
Huber's delta, which follows the noise of the points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from study.laws.law import Law, Theta, middle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.laws.law import Value

EXPONENTS = (0.1, 0.4, 1.0)
SHARES = (0.05, 0.6)  # of the lowest error, that is irreducible
PARTS = (0.2, 0.7)  # of the rest, that is the parameters'


class Chinchilla(Law):
    """E, A and B are fitted as logarithms. N is ``params_m``, D is ``samples_seen``: repeats count as new."""

    formula = "L = E + A / N^α + B / D^β"
    citation = "arXiv:2203.15556, equation 2"
    inputs = ("params_m", "samples_seen")
    parameters = ("log_E", "log_A", "log_B", "alpha", "beta")
    limits = ((math.log(1e-4), math.log(10.0)), (-math.inf, math.inf), (-math.inf, math.inf), (0.0, 3.0), (0.0, 3.0))
    selection = "all"

    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """Through the middle of the points, with a grid of exponents and of how the error divides."""
        size, data = math.log(middle(inputs["params_m"])), math.log(middle(inputs["samples_seen"]))
        error, least = middle(errors), float(min(errors))
        return [
            (
                math.log(share * least),
                math.log(part * (error - share * least)) + alpha * size,
                math.log((1 - part) * (error - share * least)) + beta * data,
                alpha,
                beta,
            )
            for share, part, alpha, beta in product(SHARES, PARTS, EXPONENTS, EXPONENTS)
        ]

    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """E + A / N^alpha + B / D^beta, with N in millions and D in pairs."""
        log_e, log_a, log_b, alpha, beta = theta
        by_size = math.e**log_a * inputs["params_m"] ** -alpha
        return math.e**log_e + by_size + math.e**log_b * inputs["samples_seen"] ** -beta


LAW = Chinchilla()
