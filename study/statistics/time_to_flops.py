"""Whether FLOPs saved are time saved: the ratio of times over the ratio of FLOPs."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Literal

from pydantic import Field

from study.statistics.base import Arm, Condition, Pair, PairConfig, Reading, Statistic, signed
from study.statistics.cost_ratio import alike, log_ratios


class TimeToFlopsConfig(PairConfig):
    """Options of ``time_to_flops``."""

    name: Literal["time_to_flops"] = "time_to_flops"
    at_most: float = Field(gt=0, description="time ratio over FLOP ratio; 1 = time falls as FLOPs do")


class TimeToFlops(Statistic[TimeToFlopsConfig]):
    """The time ratio over the FLOP ratio of two arms, paired by seed; its mean is the geometric one."""

    Config = TimeToFlopsConfig

    @property
    def needs(self) -> tuple[str, ...]:
        """Both costs."""
        return ("train_flops", "train_hours")

    def pairs(self) -> tuple[Pair, ...]:
        """The two arms."""
        return (self.config,)

    def label(self) -> str:
        """Time ratio against FLOP ratio."""
        arm, baseline = self.config.arm, self.config.baseline
        return f"time ratio of {arm} to {baseline} < {self.config.at_most:.3g} x their FLOP ratio"

    def reading(self, arms: Mapping[str, Arm]) -> Reading:
        """Effects as logarithms of ratios."""
        seeds, notes = alike(self.config, arms, self.seeds(arms))
        time, flops = (log_ratios(self.config, arms, cost, seeds) for cost in ("train_hours", "train_flops"))
        effects, threshold = {seed: time[seed] - flops[seed] for seed in seeds}, log(self.config.at_most)
        condition = Condition(self.label(), signed(effects.values(), False, threshold))
        return Reading("ratio", effects, threshold, False, (condition,), notes)
