"""What the runs of a claim's arms say: an effect and its interval for each part, p-values for it and against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp
from statistics import fmean
from typing import Any

from study.claims.asked import Asked, Needed
from study.claims.sign_flip import MOST, sign_flip
from study.statistics.base import Condition, Reading, Statistic, Unit
from study.summary.paired import difference


@dataclass(frozen=True)
class Tested:
    """A condition with p-values: that it holds, and that it is the other way round.

    ``effect`` is the mean of its values, with its 90 % interval: how far it lies on the claimed side, in the unit of
    the part's ``Reading``, of ratios as a factor.
    """

    label: str
    effect: float
    low: float | None
    high: float | None
    p: float
    p_against: float


@dataclass(frozen=True)
class Part:
    """One statistic of a claim: mean effect with its 90 % interval (Student's t over pairs), and what it should be.

    Effects that are all equal have no interval by chance, and that of no width where they were counted.
    Differences of scores are in points (0 to 1), ratios are ratios, not logarithms. ``standardised`` is how far the
    mean lies on the claimed side, in standard deviations of a pair. ``p`` is that all conditions of the part hold,
    ``p_against`` that one of them is the other way round; none without pairs. ``by_seed`` are the effects.
    """

    label: str
    unit: Unit
    threshold: float
    above: bool
    pairs: int
    by_seed: Mapping[int, float]
    effect: float | None
    low: float | None
    high: float | None
    standardised: float | None
    p: float | None
    p_against: float | None
    conditions: tuple[Tested, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A claim as its runs have it; it holds if all its parts do, and not if one of them is the other way round.

    ``p`` is the largest of all conditions' (intersection-union test; Berger, 1982, Technometrics 24), ``p_against``
    the smallest of the opposite ones times their number (Bonferroni). Both are none while runs are ``needed``.
    """

    asked: Asked
    parts: tuple[Part, ...]
    needed: tuple[Needed, ...]
    p: float | None
    p_against: float | None

    @property
    def pairs(self) -> int:
        """Of the part that has the fewest."""
        return min((part.pairs for part in self.parts), default=0)


def found(asked: Asked) -> Found:
    """Look at all parts of a claim."""
    if asked.absent:
        return Found(asked, (), (), None, None)
    arms, needed = asked.arms(), tuple(asked.needed())
    read = [(part, part.reading(arms)) for part in asked.parts]
    parts = tuple(_part(part, reading) for part, reading in read)
    tested = not needed and all(part.pairs for part in parts)
    joined = _joined([one for part in parts for one in part.conditions]) if tested else (None, None)
    return Found(asked, parts, needed, *joined)


def _part(part: Statistic[Any], reading: Reading) -> Part:
    effects = dict(sorted(reading.effects.items()))
    mean = difference(effects, dict.fromkeys(effects, 0.0))
    exact = mean.sd == 0 and all(condition.counted for condition in reading.conditions)
    low, high = (mean.mean, mean.mean) if exact else (mean.low, mean.high)
    away = None if mean.mean is None else (mean.mean - reading.threshold) * (1 if reading.above else -1)
    tested = tuple(_tested(reading, one) for one in reading.conditions) if effects else ()
    p, against = _joined(tested) if tested else (None, None)
    return Part(
        label=part.label(),
        unit=reading.unit,
        threshold=_shown(reading, reading.threshold),
        above=reading.above,
        pairs=mean.n,
        by_seed={seed: _shown(reading, value) for seed, value in effects.items()},
        effect=None if mean.mean is None else _shown(reading, mean.mean),
        low=None if low is None else _shown(reading, low),
        high=None if high is None else _shown(reading, high),
        standardised=away / mean.sd if away is not None and mean.sd else None,
        p=p,
        p_against=against,
        conditions=tested,
        notes=reading.notes,
    )


def _shown(reading: Reading, value: float) -> float:
    """A ratio in the place of its logarithm."""
    return exp(value) if reading.unit == "ratio" else value


def _joined(tested: Sequence[Tested]) -> tuple[float, float]:
    """p-values that all conditions hold, and that one of them is the other way round."""
    return max(one.p for one in tested), min(1.0, len(tested) * min(one.p_against for one in tested))


def _tested(reading: Reading, condition: Condition) -> Tested:
    opposite = replace(condition, values=tuple(-value for value in condition.values))
    values = dict(enumerate(condition.values))
    mean = difference(values, dict.fromkeys(values, 0.0))
    low, high = (None if end is None else _shown(reading, end) for end in (mean.low, mean.high))
    effect = _shown(reading, fmean(condition.values))
    return Tested(condition.label, effect, low, high, _p(condition), _p(opposite))


def _p(condition: Condition) -> float:
    """One-sided: by the exact test up to 40 pairs; by Student's t beyond, where the two agree. Counted: 0 or 1."""
    if condition.counted:
        return 0.0 if fmean(condition.values) > 0 else 1.0
    if len(condition.values) <= MOST:
        return sign_flip(condition.values)
    values = dict(enumerate(condition.values))
    mean = difference(values, dict.fromkeys(values, 0.0))
    two_sided, above = mean.p or 0.0, (mean.mean or 0.0) > 0
    return two_sided / 2 if above else 1 - two_sided / 2
