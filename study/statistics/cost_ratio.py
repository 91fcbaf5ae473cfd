"""One arm costs at most so many times as much as another: in counted FLOPs, or in hours of training."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Literal

from pydantic import Field

from study.statistics.base import Arm, Condition, Pair, PairConfig, Reading, Statistic, known, signed

COUNTED = ("train_flops",)


class CostRatioConfig(PairConfig):
    """Options of ``cost_ratio``."""

    name: Literal["cost_ratio"] = "cost_ratio"
    cost: Literal["train_flops", "train_hours"] = Field(description="counted FLOPs, or hours of the training loop")
    at_most: float = Field(gt=0, description="times the baseline's cost; 0.1667 is a sixth of it")


def log_ratios(pair: Pair, arms: Mapping[str, Arm], cost: str, seeds: list[int]) -> dict[int, float]:
    """The logarithm of the arm's cost over the baseline's, by seed; a cost must be above 0."""
    ours, theirs = arms[pair.arm], arms[pair.baseline]
    return {seed: log(known(getattr(ours[seed], cost)) / known(getattr(theirs[seed], cost))) for seed in seeds}


def alike(pair: Pair, arms: Mapping[str, Arm], seeds: list[int]) -> tuple[list[int], tuple[str, ...]]:
    """The seeds whose two runs were timed on one kind of machine, and a note on the others."""
    same = [seed for seed in seeds if arms[pair.arm][seed].machine == arms[pair.baseline][seed].machine]
    apart = len(seeds) - len(same)
    return same, (f"left out, since timed on different machines: {apart} pairs",) if apart else ()


class CostRatio(Statistic[CostRatioConfig]):
    """The ratio of costs, paired by seed; its mean is the geometric one."""

    Config = CostRatioConfig

    @property
    def needs(self) -> tuple[str, ...]:
        """The cost alone."""
        return (self.config.cost,)

    def pairs(self) -> tuple[Pair, ...]:
        """The two arms."""
        return (self.config,)

    def label(self) -> str:
        """At most so much of the baseline's cost."""
        what = {"train_flops": "FLOPs", "train_hours": "time"}[self.config.cost]
        return f"{what} of {self.config.arm} < {self.config.at_most:.3g} x {self.config.baseline}"

    def reading(self, arms: Mapping[str, Arm]) -> Reading:
        """Effects as logarithms of ratios."""
        counted, seeds = self.config.cost in COUNTED, self.seeds(arms)
        seeds, notes = (seeds, ()) if counted else alike(self.config, arms, seeds)
        effects, threshold = log_ratios(self.config, arms, self.config.cost, seeds), log(self.config.at_most)
        condition = Condition(self.label(), signed(effects.values(), False, threshold), counted)
        return Reading("ratio", effects, threshold, False, (condition,), notes)
