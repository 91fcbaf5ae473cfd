"""Metrics of a trained model: one file each, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.metrics.base import Metric

DEFAULT_METRICS = ("zeroshot", "retrieval")  # where a study names none: those that need no training split
METRICS: Registry[Metric] = Registry(
    "metric",
    {
        "linear_probe": "study.metrics.linear_probe:METRIC",
        "retrieval": "study.metrics.retrieval:METRIC",
        "zeroshot": "study.metrics.zeroshot:METRIC",
    },
)
