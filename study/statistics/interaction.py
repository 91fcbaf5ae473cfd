"""One arm wins at one end and the other at the other end: a difference of differences, and the sign at each end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from study.records import PluginConfig
from study.statistics.base import Arm, Condition, Pair, Reading, Statistic
from study.statistics.difference import gaps


class InteractionConfig(PluginConfig):
    """Options of ``interaction``."""

    name: Literal["interaction"] = "interaction"
    first: Pair = Field(description="who wins at one end, and over whom")
    then: Pair = Field(description="who wins at the other end, and over whom")


class Interaction(Statistic[InteractionConfig]):
    """The winner's lead at both ends, added: how much the lead changes from one end to the other.

    The sum alone could be above 0 with one winner throughout, so the lead must be above 0 at each end.
    """

    Config = InteractionConfig

    def pairs(self) -> tuple[Pair, ...]:
        """The two arms at each end."""
        return (self.config.first, self.config.then)

    def label(self) -> str:
        """Who wins where."""
        return ", and ".join(map(_lead, self.pairs()))

    def reading(self, arms: Mapping[str, Arm]) -> Reading:
        """Effects in points; a condition an end."""
        seeds = self.seeds(arms)
        leads = {pair: gaps(pair, arms, seeds) for pair in self.pairs()}
        effects = {seed: sum(lead[seed] for lead in leads.values()) for seed in seeds}
        conditions = tuple(Condition(_lead(pair), tuple(lead.values())) for pair, lead in leads.items())
        return Reading("points", effects, 0.0, True, conditions)


def _lead(pair: Pair) -> str:
    return f"{pair.arm} > {pair.baseline}"
