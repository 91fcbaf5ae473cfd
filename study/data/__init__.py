"""Data sources, the subsets of their pools, and the stream of training batches: one file, one line here each."""

from __future__ import annotations

from study.data.source import EvaluationSet, Samples, Source
from study.registry import Registry

__all__ = ["SOURCES", "EvaluationSet", "Samples", "Source"]

SOURCES: Registry[type[Source]] = Registry(
    "source",
    {
        "datacomp": "study.data.shards.datacomp:DataComp",
        "embedded": "study.data.embedded:Embedded",
        "table": "study.data.table:Table",
        "webdataset": "study.data.shards.webdataset:WebDataset",
    },
)
