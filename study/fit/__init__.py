"""Fit: the laws' parameters with intervals, from a study's tables. A selection of points is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.fit.selections import Selection

SELECTIONS: Registry[Selection] = Registry(
    "selection",
    {
        "all": "study.fit.selections:ALL",
        "best_per_bin": "study.fit.selections:BEST_PER_BIN",
        "pareto": "study.fit.selections:PARETO",
    },
)
