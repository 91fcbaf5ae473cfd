"""One arm matches another: it scores no less than the other does but for a share of it; or claimedly less than that."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Literal

from pydantic import Field

from study.statistics.base import Arm, Condition, Pair, PairConfig, Reading, Statistic, known
from study.statistics.difference import gaps


class NonInferiorityConfig(PairConfig):
    """Options of ``non_inferiority``."""

    name: Literal["non_inferiority"] = "non_inferiority"
    margin: float = Field(gt=0, lt=1, description="share of the baseline's score that may be lost")
    alternative: Literal["within", "beyond"] = Field(
        "within", description="whether the arm is claimed to lose less than the margin, or more"
    )


class NonInferiority(Statistic[NonInferiorityConfig]):
    """The arm's score less what the margin leaves of the baseline's, paired by seed.

    The margin is taken of each seed's own baseline, so that the test knows that the baseline's mean is uncertain, too.
    """

    Config = NonInferiorityConfig

    def pairs(self) -> tuple[Pair, ...]:
        """The two arms."""
        return (self.config,)

    def label(self) -> str:
        """The arm against what the margin leaves of the baseline."""
        sign = ">" if self.config.alternative == "within" else "<"
        return f"{self.config.arm} {sign} {100 * (1 - self.config.margin):g} % of {self.config.baseline}"

    def reading(self, arms: Mapping[str, Arm]) -> Reading:
        """Effects in points; the threshold is the margin of the baseline's mean."""
        seeds, above = self.seeds(arms), self.config.alternative == "within"
        effects = gaps(self.config, arms, seeds)
        lost = {seed: self.config.margin * known(arms[self.config.baseline][seed].score) for seed in seeds}
        above_margin = [effects[seed] + lost[seed] for seed in seeds]
        condition = Condition(self.label(), tuple(value if above else -value for value in above_margin))
        return Reading("points", effects, -fmean(lost.values()) if lost else 0.0, above, (condition,))
