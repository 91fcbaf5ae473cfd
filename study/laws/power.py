"""Error falls as a power of training compute: E = beta C^-alpha (Cherti et al., 2023, arXiv:2212.07143, section 3.2).

Departs from the paper in C, which is training FLOPs and not GMACs x samples (the same up to a factor, which beta
takes up), and in fitting Huber's loss on logs where the paper has least squares.
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


class PowerLaw(Law):
    """A straight line in log-log; beta is fitted as its logarithm, so that it stays positive."""

    formula = "E = β C^−α"
    citation = "arXiv:2212.07143, section 3.2"
    inputs = ("train_flops",)
    parameters = ("log_beta", "alpha")
    limits = ((-math.inf, math.inf), (-math.inf, math.inf))

    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """One start is enough for a convex problem: a flat line through the geometric middle."""
        return [(math.log(middle(errors)), 0.0)]

    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """beta C^-alpha, with C in FLOPs."""
        return math.e ** theta[0] * inputs["train_flops"] ** -theta[1]


LAW = PowerLaw()
