"""A power law of shifted compute: E = a (C + b)^-c + d (Nezhurina et al., 2025, arXiv:2506.04598).

The shift b bends the law at small compute, where scores leave chance, and d at large compute. Departs from the paper
in C, which is training FLOPs and not GFLOPs: a and b take up the factor.
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
SHIFTS = (1e-2, 1.0, 100.0)  # of the least compute
SHARES = (0.01, 0.7)  # of the lowest error, that is irreducible


class ShiftedPower(Law):
    """All but the exponent are fitted as logarithms; a shift far below the least compute is none."""

    formula = "E = a (C + b)^−c + d"
    citation = "arXiv:2506.04598"
    inputs = ("train_flops",)
    parameters = ("log_a", "log_b", "c", "log_d")
    # a shift of 1 FLOP is none; one of 1e30 makes a straight line of any study
    limits = ((-math.inf, math.inf), (0.0, math.log(1e30)), (0.0, 3.0), (math.log(1e-4), math.log(10.0)))
    selection = "pareto"  # five bins are too few points for its parameters

    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """Through the middle of the points, with a grid of shifts, exponents and irreducible shares."""
        compute, error = middle(inputs["train_flops"]), middle(errors)
        first, least = float(min(inputs["train_flops"])), float(min(errors))
        return [
            (math.log(error - share * least) + c * math.log(compute + b), math.log(b), c, math.log(share * least))
            for b in (shift * first for shift in SHIFTS)
            for c in EXPONENTS
            for share in SHARES
        ]

    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """a (C + b)^-c + d, with C in FLOPs."""
        log_a, log_b, c, log_d = theta
        return math.e**log_a * (inputs["train_flops"] + math.e**log_b) ** -c + math.e**log_d


LAW = ShiftedPower()
