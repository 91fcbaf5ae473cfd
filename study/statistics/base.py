"""The seam of a statistic: from the runs of some arms to an effect a seed, and to what must hold of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from pydantic import Field

from study.records import Frozen, PluginConfig

Unit = Literal["points", "ratio"]
Alternative = Literal["greater", "less"]


@dataclass(frozen=True)
class ArmRun:
    """What statistics read of one run; what is not known is none."""

    score: float | None = None
    train_flops: float | None = None
    train_hours: float | None = None
    machine: tuple[str | int | None, ...] = ()  # device, number of devices, threads


Arm: TypeAlias = "Mapping[int, ArmRun]"  # by seed


class Pair(Frozen):
    """Two arms that are compared seed by seed."""

    arm: str = Field(strict=True, description="the arm that the claim is about")
    baseline: str = Field(strict=True, description="the arm that it is compared with")


class PairConfig(PluginConfig, Pair):
    """Base of the configuration of a statistic of two arms."""


@dataclass(frozen=True)
class Condition:
    """One thing that must hold, told by ``label``: that ``values``, one a seed, have a mean above 0.

    ``counted`` values are no random draws, so one look at their mean decides.
    """

    label: str
    values: tuple[float, ...]
    counted: bool = False


@dataclass(frozen=True)
class Reading:
    """An effect a seed, in the words of the claim, and the conditions that must all hold.

    ``effects`` are differences of scores (``points``, 0 to 1) or natural logarithms of ratios (``ratio``); the claim is
    that their mean lies above ``threshold``, or below it where ``above`` is false. ``notes`` say what was left out.
    """

    unit: Unit
    effects: Mapping[int, float]
    threshold: float
    above: bool
    conditions: tuple[Condition, ...]
    notes: tuple[str, ...] = ()


C = TypeVar("C", bound=PluginConfig)


class Statistic(ABC, Generic[C]):
    """A statistic with its options."""

    Config: type[C]

    def __init__(self, config: C) -> None:
        self.config = config

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields of ``ArmRun`` that it reads."""
        return ("score",)

    @abstractmethod
    def pairs(self) -> tuple[Pair, ...]:
        """The arms that are compared."""

    @abstractmethod
    def label(self) -> str:
        """What is claimed, in words of the arms."""

    @abstractmethod
    def reading(self, arms: Mapping[str, Arm]) -> Reading:
        """The effects over the seeds that all arms have, with all that is needed; perhaps none."""

    def seeds(self, arms: Mapping[str, Arm]) -> list[int]:
        """Those that all arms have, with all that is needed; sorted."""
        used = [arms[name] for pair in self.pairs() for name in (pair.arm, pair.baseline)]
        return sorted(set.intersection(*(set(self._whole(arm)) for arm in used)))

    def _whole(self, arm: Arm) -> Iterable[int]:
        return (seed for seed, run in arm.items() if all(getattr(run, need) is not None for need in self.needs))


def known(value: float | None) -> float:
    """A value that ``Statistic.seeds`` has found to be there; raises ValueError where it is not."""
    if value is None:
        raise ValueError("a run of a seed that is not whole was read")
    return value


def signed(values: Iterable[float], above: bool, threshold: float) -> tuple[float, ...]:
    """How far each value lies on the claimed side of the threshold."""
    return tuple(value - threshold if above else threshold - value for value in values)
