"""What may make the same steps faster on a device: one file each, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.train.accelerations.base import Acceleration

ACCELERATIONS: Registry[type[Acceleration]] = Registry(
    "acceleration",
    {
        "compile": "study.train.accelerations.compiled:Compiled",
        "cuda_graphs": "study.train.accelerations.cuda_graphs:CudaGraphs",
        "tf32": "study.train.accelerations.tf32:Tf32",
    },
)
