"""What a claim says about its arms, seed by seed: a statistic is one file and one line here. No torch, no tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from study.registry import Registry

if TYPE_CHECKING:
    from study.statistics.base import Statistic

STATISTICS: Registry[type[Statistic[Any]]] = Registry(
    "statistic",
    {
        "difference": "study.statistics.difference:Difference",
        "interaction": "study.statistics.interaction:Interaction",
        "non_inferiority": "study.statistics.non_inferiority:NonInferiority",
        "cost_ratio": "study.statistics.cost_ratio:CostRatio",
        "time_to_flops": "study.statistics.time_to_flops:TimeToFlops",
    },
)
