"""Import: results of others as the two tables of a study. A format is one file and one line here. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.imported.format import Format

FORMATS: Registry[type[Format]] = Registry(
    "format",
    {
        "laion": "study.imported.laion:Laion",
        "clip_benchmark": "study.imported.clip_benchmark:ClipBenchmark",
        "open_clip": "study.imported.open_clip:OpenClip",
        "csv": "study.imported.mapped:Mapped",
    },
)
