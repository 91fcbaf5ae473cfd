"""Fit: laws of error against what was spent, with intervals. A law is one file and one line here.

Importing a law loads neither numpy nor scipy, so that look-ups can evaluate one at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.fit.law import Law
    from study.fit.selections import Selection

LAWS: Registry[Law] = Registry("law", {"power": "study.fit.power:LAW"})

SELECTIONS: Registry[Selection] = Registry(
    "selection",
    {
        "all": "study.fit.selections:ALL",
        "best_per_bin": "study.fit.selections:BEST_PER_BIN",
        "pareto": "study.fit.selections:PARETO",
    },
)
DEFAULT_LAW, DEFAULT_SELECTION = "power", "best_per_bin"
