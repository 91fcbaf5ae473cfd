"""Report: one self-contained page a study. A figure is one file and one line here, in the order of its section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.report.figure import Figure

FIGURES: Registry[Figure] = Registry(
    "figure",
    {
        "error_over_flops": "study.report.error_over_flops:FIGURE",
        "strategies": "study.report.strategies:FIGURE",
        "frontier": "study.report.frontier:FIGURE",
        "compared": "study.report.compared:FIGURE",
        "score_over_data": "study.report.score_over_data:FIGURE",
        "quality_over_samples": "study.report.quality_over_samples:FIGURE",
        "cost": "study.report.cost:FIGURE",
    },
)
