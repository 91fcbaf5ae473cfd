"""Data seen again are worth less than new ones: Chinchilla's law of D' = U + U R* (1 - exp(-R / R*)) in the place of D
(Muennighoff et al., 2023, arXiv:2305.16264, section 3), with U distinct pairs seen and R repeats of them.

Departs from the paper in fitting all parameters together, and in leaving the model's size as it is, where the paper
discounts what exceeds the optimum for U, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from study.laws.chinchilla import LAW as CHINCHILLA
from study.laws.law import Law, Theta, repeats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.laws.law import Value

HALVED = (3.0, 15.0)  # repeats after which little is left to gain; the paper finds 15.4 for text


class Repeated(Law):
    """R* is fitted as its logarithm; beyond 1000 repeats are as good as new, below .01 worth nothing."""

    formula = "L = E + A / N^α + B / D′^β, D′ = U + U R* (1 − exp(−R / R*))"
    citation = "arXiv:2305.16264, section 3"
    inputs = ("params_m", "samples_seen", "unique_pairs")
    parameters = (*CHINCHILLA.parameters, "log_R*")
    limits = (*CHINCHILLA.limits, (math.log(0.01), math.log(1000.0)))
    selection = "all"

    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """Those of Chinchilla's law, with two values of R*."""
        return [(*theta, math.log(halved)) for theta in CHINCHILLA.starts(inputs, errors) for halved in HALVED]

    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """Chinchilla's law at the number of new pairs that would do as well."""
        lasting, again = math.e ** theta[5], repeats(inputs["samples_seen"], inputs["unique_pairs"])
        seen = inputs["samples_seen"] / (1 + again)
        worth = seen * (1 + lasting * (1 - math.e ** (-again / lasting)))
        return CHINCHILLA.error(theta[:5], {"params_m": inputs["params_m"], "samples_seen": worth})


LAW = Repeated()
