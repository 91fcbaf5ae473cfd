"""The seam of a scaling law: its formula, where a fit may start, and nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Value: TypeAlias = float | NDArray[np.float64]

Theta: TypeAlias = Sequence[float]


class Law(ABC):
    """Error, 1 minus a score, as a function of columns of the runs table.

    ``error`` is written with arithmetic operators alone, so that it takes numbers and arrays alike: a fit
    evaluates it on arrays, a look-up on single numbers without numpy.
    """

    formula: ClassVar[str]
    citation: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    parameters: ClassVar[tuple[str, ...]]

    @abstractmethod
    def starts(self, inputs: Mapping[str, NDArray[np.float64]], errors: NDArray[np.float64]) -> list[Theta]:
        """Where to start a fit: one or more parameter vectors, in the order of ``parameters``."""

    @abstractmethod
    def error(self, theta: Theta, inputs: Mapping[str, Value]) -> Any:
        """The error at ``inputs``, greater than 0; a number for numbers, an array for arrays."""

    def coefficients(self, theta: Theta) -> dict[str, float]:
        """The parameters as the formula names them."""
        return dict(zip(self.parameters, theta, strict=True))
