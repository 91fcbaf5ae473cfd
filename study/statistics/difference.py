"""One arm scores higher than another, or lower, by more than a margin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from study.statistics.base import Alternative, Arm, Condition, Pair, PairConfig, Reading, Statistic, known, signed


class DifferenceConfig(PairConfig):
    """Options of ``difference``."""

    name: Literal["difference"] = "difference"
    alternative: Alternative = Field("greater", description="whether the arm is claimed to score higher or lower")
    margin: float = Field(0.0, ge=0, lt=1, description="by more than so much of a score, 0 to 1")


def gaps(pair: Pair, arms: Mapping[str, Arm], seeds: list[int]) -> dict[int, float]:
    """The arm's score less the baseline's, by seed."""
    ours, theirs = arms[pair.arm], arms[pair.baseline]
    return {seed: known(ours[seed].score) - known(theirs[seed].score) for seed in seeds}


class Difference(Statistic[DifferenceConfig]):
    """The difference of scores, paired by seed."""

    Config = DifferenceConfig

    def pairs(self) -> tuple[Pair, ...]:
        """The two arms."""
        return (self.config,)

    def label(self) -> str:
        """Arm above or below baseline."""
        sign = ">" if self.config.alternative == "greater" else "<"
        by = f" by {100 * self.config.margin:g} points" if self.config.margin else ""
        return f"{self.config.arm} {sign} {self.config.baseline}{by}"

    def reading(self, arms: Mapping[str, Arm]) -> Reading:
        """Effects in points."""
        effects = gaps(self.config, arms, self.seeds(arms))
        above = self.config.alternative == "greater"
        threshold = self.config.margin if above else -self.config.margin
        return Reading(
            "points", effects, threshold, above, (Condition(self.label(), signed(effects.values(), above, threshold)),)
        )
