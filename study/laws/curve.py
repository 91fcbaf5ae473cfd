"""A fitted law, read back from its row and asked for an error with an interval. No numpy, no scipy."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from study.laws import LAWS
from study.laws.law import Law, Theta

Ranges: TypeAlias = Mapping[str, tuple[float, float]]
COVERAGE = 0.9  # of all intervals of the project


@dataclass(frozen=True)
class Interval:
    """A value with the bounds between which ``COVERAGE`` of new runs are expected."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A law with its draws; ``group`` has the columns and values that its runs share.

    ``ranges`` has the least and the most of each input and of compute among the points, ``least`` and ``most`` those of
    the first. All of them are asked for: a large run of few parameters lies outside, whatever the law's inputs.
    ``noise`` is a new run's, on log error; ``drifts`` what is added to it for each decade outside the points.
    ``provisional`` says why the law may change with more runs, ``caution`` what it cannot tell however many draws.
    """

    law: Law
    group: Mapping[str, str | None]
    theta: Theta
    thetas: Sequence[Theta]
    noise: Sequence[float]
    drifts: Sequence[float]
    ranges: Ranges
    provisional: str | None
    caution: str | None

    @property
    def least(self) -> float:
        """Of the first input."""
        return self.ranges[self.law.inputs[0]][0]

    @property
    def most(self) -> float:
        """Of the first input."""
        return self.ranges[self.law.inputs[0]][1]

    def error(self, inputs: Mapping[str, float]) -> Interval:
        """The error of a new run at ``inputs``, with its prediction interval; within 0 to 1."""
        decades = math.log10(self.outside(inputs))
        draws = zip(self.thetas, self.noise, self.drifts, strict=True)
        low, high = between([self._drawn(theta, noise + decades * drift, inputs) for theta, noise, drift in draws])
        return Interval(*(min(max(value, 0.0), 1.0) for value in (self.law.at(self.theta, inputs), low, high)))

    def _drawn(self, theta: Theta, noise: float, inputs: Mapping[str, float]) -> float:
        try:
            return self.law.at(theta, inputs) * math.exp(noise)
        except OverflowError:  # a wild draw of a law of three noisy points
            return math.inf

    def score(self, inputs: Mapping[str, float]) -> Interval:
        """1 - error, with its bounds in rising order; outside the points neither is nearer than where these end.

        Errors that fall, or near a floor, would say that less is known better.
        """
        error = self.error(inputs)
        under, over = error.middle - error.low, error.high - error.middle
        if self.outside(inputs) > 1:
            end = self.error({name: min(max(inputs[name], least), most) for name, (least, most) in self.ranges.items()})
            under, over = max(under, end.middle - end.low), max(over, end.high - end.middle)
        score = 1 - error.middle
        return Interval(score, max(score - over, 0.0), min(score + under, 1.0))

    def outside(self, inputs: Mapping[str, float]) -> float:
        """How many times an input or compute lies beyond the points: 1 = within, 10 = ten times above or below."""
        return outside(self.ranges, inputs)


def outside(ranges: Ranges, inputs: Mapping[str, float]) -> float:
    """How many times ``inputs`` lie beyond points of these ranges, at most; at least 1."""
    return max(1.0, *(max(inputs[name] / most, least / inputs[name]) for name, (least, most) in ranges.items()))


def curve(row: Mapping[str, Any]) -> Curve | None:
    """The curve of a row of ``laws.parquet``; none where the row says that there is no law."""
    if row["draws"] is None:
        return None
    drawn = json.loads(row["draws"])
    return Curve(
        law=LAWS.load(row["law"]),
        group=json.loads(row["group"]),
        theta=drawn["theta"],
        thetas=drawn["thetas"],
        noise=drawn["noise"],
        drifts=drawn["drifts"],
        ranges={name: (least, most) for name, (least, most) in json.loads(row["ranges"]).items()},
        provisional=row["provisional"],
        caution=row["caution"],
    )


def between(values: Sequence[float]) -> tuple[float, float]:
    """The bounds that leave out (1 - COVERAGE) / 2 of the draws on each side."""
    ordered = sorted(values)
    skipped = round((len(ordered) + 1) * (1 - COVERAGE) / 2) - 1
    return ordered[skipped], ordered[-1 - skipped]
