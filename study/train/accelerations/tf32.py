"""TF32: products of fp32 matrices from numbers with 10 bits after the point, on tensor cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from study.train.accelerations.base import Acceleration

if TYPE_CHECKING:
    from study.train.session import Session

FIRST_CAPABILITY = (8, 0)  # Ampere


class Tf32(Acceleration):
    """Matrix products of fp32 numbers in TF32, as PyTorch does convolutions by itself, and sums in fp32.

    Under bf16 autocast that is what stays in fp32: the loss and the strategy's own modules.
    """

    may_fail = False

    def problem(self, session: Session) -> str | None:
        """It needs a GPU of 2020 or later."""
        device = session.place.device
        if device.type != "cuda":
            return "it is for GPUs"
        if torch.cuda.get_device_capability(device) < FIRST_CAPABILITY:
            return f"{session.place.kind} has no TF32"
        return None

    @contextmanager
    def on(self, session: Session) -> Iterator[None]:
        """Within the block, fp32 products may be in TF32."""
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

    def release(self) -> None:
        """It holds nothing."""
