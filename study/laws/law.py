"""The seam of a scaling law: its formula, what its parameters may be, where a fit may start, and nothing else."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Value: TypeAlias = float | NDArray[np.float64]

Theta: TypeAlias = Sequence[Any]
COMPUTE = "train_flops"
LOG = "log_"  # of a parameter that is fitted as its logarithm, so that it stays positive
LARGEST = 700.0  # a logarithm beyond which a float overflows; a draw of three noisy points may go there


class Law(ABC):
    """Error, 1 minus a score, as a function of columns of the runs table.

    ``error`` is written with arithmetic operators and ``abs`` alone, so that it takes numbers and arrays alike: a fit
    evaluates many parameter vectors on arrays at once, a look-up single numbers without numpy. ``limits`` are the
    bounds of each parameter as fitted; a parameter that may as well lie on a finite one is not identified.
    """

    formula: ClassVar[str]
    citation: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    parameters: ClassVar[tuple[str, ...]]
    limits: ClassVar[tuple[tuple[float, float], ...]]
    selection: ClassVar[str] = "best_per_bin"  # of points, unless asked otherwise
    within: ClassVar[tuple[str, ...]] = ()  # columns that all runs of the law share, beside those of their group

    @property
    def asked(self) -> tuple[str, ...]:
        """The inputs, and compute: how far a run lies outside the points is told by it, whatever the law's inputs."""
        return tuple(dict.fromkeys((*self.inputs, COMPUTE)))

    @abstractmethod
    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """Where to start a fit: one or more parameter vectors, in the order of ``parameters``."""

    @abstractmethod
    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """The error at ``inputs``, greater than 0; a number for numbers, arrays (broadcast) for arrays."""

    def at(self, theta: Theta, inputs: Mapping[str, float]) -> float:
        """The error at numbers; infinite where a float overflows, as a law of a few noisy points does far outside."""
        try:
            return float(self.error(theta, inputs))
        except OverflowError:
            return math.inf

    def names(self) -> list[str]:
        """The parameters as the formula names them."""
        return [name.removeprefix(LOG) for name in self.parameters]

    def coefficients(self, theta: Theta) -> dict[str, float]:
        """Values of ``names``: logarithms are taken back."""
        values = [
            math.exp(min(value, LARGEST)) if name.startswith(LOG) else value
            for name, value in zip(self.parameters, theta, strict=True)
        ]
        return dict(zip(self.names(), values, strict=True))


def middle(values: Sequence[float] | NDArray[np.float64]) -> float:
    """The geometric mean of values greater than 0."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def repeats(samples: Value, unique: Value) -> Any:
    """How often each distinct pair was seen again, at least 0: max(samples / unique - 1, 0) by arithmetic alone."""
    more: Any = samples / unique - 1
    return (more + abs(more)) / 2
