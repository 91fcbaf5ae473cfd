"""CUDA graphs: compiled towers whose kernels the GPU starts by itself, for models that wait for the host."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from study.models.towers import TowerOutput
from study.train.accelerations.compiled import Compiled, Forward

if TYPE_CHECKING:
    from study.train.session import Session


class CudaGraphs(Compiled):
    """torch.compile in its mode "reduce-overhead"."""

    excludes = frozenset({"compile"})
    options: ClassVar[dict[str, Any]] = {**Compiled.options, "triton.cudagraphs": True}

    def problem(self, session: Session) -> str | None:
        """It needs a GPU and a batch that is not accumulated: a replay would write over gradients of the last one."""
        if session.place.device.type != "cuda":
            return "it is for GPUs"
        if session.grad_accum_steps > 1:
            return "it cannot be on where gradients are accumulated over micro-batches"
        return super().problem(session)

    def accelerated(self, forward: Forward) -> Forward:
        """As of the base; features are copied out of the graph's memory, which the next pass writes over."""
        compiled = super().accelerated(forward)

        @wraps(forward)
        def copied(tower: nn.Module, *inputs: Tensor | None) -> TowerOutput:
            return TowerOutput(*(part.clone() for part in compiled(tower, *inputs)))

        return copied
