"""A power law of compute above an error that no compute removes: E = a C^-b + c.

Henighan et al., 2020, arXiv:2010.14701, equation 1.1: of a loss there, of 1 minus a score here.

On a short range of compute b and c trade off: look at ``identified`` before c is believed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from study.laws.law import Law, Theta, middle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.laws.law import Value

EXPONENTS = (0.05, 0.2, 0.5, 1.0)
SHARES = (0.01, 0.5, 0.9)  # of the lowest error, that is irreducible


class PowerIrreducible(Law):
    """a and c are fitted as logarithms; c is at least ``LEAST``, which no score tells from 0."""

    formula = "E = a C^−b + c"
    citation = "arXiv:2010.14701, equation 1.1"
    inputs = ("train_flops",)
    parameters = ("log_a", "b", "log_c")
    limits = ((-math.inf, math.inf), (0.0, 3.0), (math.log(1e-4), math.log(10.0)))
    selection = "pareto"  # five bins are too few points for its parameters

    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """Through the middle of the points, with a grid of exponents and of irreducible shares."""
        compute, error, least = middle(inputs["train_flops"]), middle(errors), float(min(errors))
        return [
            (math.log(error - share * least) + b * math.log(compute), b, math.log(share * least))
            for b in EXPONENTS
            for share in SHARES
        ]

    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """a C^-b + c, with C in FLOPs."""
        log_a, b, log_c = theta
        return math.e**log_a * inputs["train_flops"] ** -b + math.e**log_c


LAW = PowerIrreducible()
