"""Convolutions on the meta device, made visible to a tracer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class MetaConvolution(torch.autograd.Function):
    """One node of the trace for a convolution on the meta device.

    There a convolution is Python code, whose own checks fail under the tracer, and of which the tracer sees nothing.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, convolve: Callable[[], Tensor]) -> Tensor:
        """Learn the shape unseen by the tracer; a result that it did not see made it would take for a constant."""
        core: Any = torch._C  # its type hints lack what sets the state
        tracing = core._get_tracing_state()
        core._set_tracing_state(None)
        try:
            shape = tuple(convolve().shape)
        finally:
            core._set_tracing_state(tracing)
        return images.new_empty(shape)


class MetaTransposedConvolution(MetaConvolution):
    """The same for a transposed convolution, which counts by its input's positions."""


_NODES: dict[Any, type[MetaConvolution]] = {
    **dict.fromkeys((F.conv1d, F.conv2d, F.conv3d), MetaConvolution),
    **dict.fromkeys((F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d), MetaTransposedConvolution),
}


class VisibleConvolutions(TorchFunctionMode):
    """While active, every convolution is one node of a trace, so that fvcore can count it."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        node = _NODES.get(function)
        if node is None or len(args) < 2:
            return function(*args, **options)
        return node.apply(args[0], args[1], lambda: function(*args, **options))
