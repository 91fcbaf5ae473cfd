"""fvcore as the counter: what it does not count, or counts otherwise than open_clip's published profile.

That profile holds matrix products only, at two operations a multiply-add.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # fvcore compiles a loss as it is imported
    from fvcore.nn import FlopCountAnalysis
    from fvcore.nn.jit_handles import Handle, conv_flop_count, get_shape


def attention(inputs: list[Any], outputs: list[Any]) -> int:
    """Queries by keys, then weights by values: q (..., L, E), k (..., S, E), v (..., S, V)."""
    query, key, value = (get_shape(inputs[i]) for i in range(3))
    return int(prod(query) * key[-2] + prod(query[:-1]) * key[-2] * value[-1])


def nothing(inputs: list[Any], outputs: list[Any]) -> int:
    """An operator without a matrix product; fvcore's ``None`` would not replace a default handler."""
    return 0


def elements_made(inputs: list[Any], outputs: list[Any]) -> int:
    """The size of an operator's outputs: what it at least computes, when nothing better is known."""
    return sum(int(prod(get_shape(output) or ())) for output in outputs)


def matrix_product(inputs: list[Any], outputs: list[Any]) -> int:
    """Any matmul, broadcast batch dimensions and vectors too; fvcore takes the first operand's batch only."""
    inner = get_shape(inputs[0])[-1]
    return int(prod(get_shape(outputs[0])) * inner)


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


def _convolution(transposed: bool) -> Handle:
    def handle(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
        images, weight = get_shape(inputs[0]), get_shape(inputs[1])
        return Counter(conv=int(conv_flop_count(images, weight, get_shape(outputs[0]), transposed=transposed)))

    return handle


# No matrix products, so zero by open_clip's convention.
_NORMS = ("batch_norm", "group_norm", "layer_norm", "linalg_vector_norm", "norm", "rms_norm", "var", "var_mean")
_POOLING = ("adaptive_avg_pool2d", "adaptive_max_pool2d", "amax", "avg_pool1d", "avg_pool2d", "cumsum", "max_pool2d")
_SUMS = ("mean", "sum")
_RESIZING = ("_upsample_bicubic2d_aa", "upsample_bicubic2d", "upsample_bilinear2d", "upsample_nearest2d")
_ACTIVATIONS = ("gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "sigmoid", "silu", "softmax", "softplus")
_FUNCTIONS = ("ceil", "clamp_min", "cos", "dropout", "exp", "log", "neg", "pow", "rsqrt", "sin", "sqrt", "tanh")
_ARITHMETIC = ("add", "addcmul", "div", "mul", "rsub", "sub")
_IN_PLACE = tuple(f"{name}_" for name in (*_ACTIVATIONS, *_FUNCTIONS, *_ARITHMETIC))
# Look-ups, masks and shapes that fvcore's own list of free operators lacks.
_LOOKUPS = ("argmax", "embedding", "masked_fill_", "ne", "new_ones", "one_hot")
_COPIES = ("col2im", "flip", "im2col", "meshgrid", "pad", "repeat", "repeat_interleave", "tile", "unfold")
_VIEWS = ("expand_as", "numpy_T", "reshape_as", "unflatten")
_SUMS_AND_NORMS = (*_NORMS, *_POOLING, *_SUMS, *_RESIZING)
_ELEMENTWISE = (*_ACTIVATIONS, *_FUNCTIONS, *_ARITHMETIC, *_IN_PLACE)
_NOTHING = (*_SUMS_AND_NORMS, *_ELEMENTWISE, *_LOOKUPS, *_COPIES, *_VIEWS)

HANDLERS: dict[str, Handle] = {
    **{f"aten::{name}": nothing for name in _NOTHING},
    "aten::scaled_dot_product_attention": attention,
    "aten::matmul": matrix_product,
    "prim::PythonOp.MetaConvolution": _convolution(transposed=False),
    "prim::PythonOp.MetaTransposedConvolution": _convolution(transposed=True),
}


def analyse(module: nn.Module, inputs: tuple[Tensor, ...], handlers: Mapping[str, Handle]) -> FlopCountAnalysis:
    """fvcore's analysis, already traced, of a forward pass on any device, the meta device included."""
    analysis = FlopCountAnalysis(module, inputs).set_op_handle(**handlers)
    analysis.tracer_warnings("none").unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with VisibleConvolutions():
        analysis.total()
    return analysis
