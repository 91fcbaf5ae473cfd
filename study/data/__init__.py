"""Data sources, the subsets of their pools, and the stream of training batches: one file, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.data.source import Source

SOURCES: Registry[type[Source]] = Registry(
    "source",
    {
        "datacomp": "study.data.shards.datacomp:DataComp",
        "embedded": "study.data.embedded:Embedded",
        "table": "study.data.tables.table:Table",
        "webdataset": "study.data.shards.webdataset:WebDataset",
    },
)
