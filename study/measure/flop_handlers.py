"""fvcore as the counter: what it does not count, or counts otherwise than open_clip's published profile.

That profile holds matrix products only, at two operations a multiply-add.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any

from torch import Tensor, nn

from study.measure.backward import Gradients, Reached, of_attention, of_list, of_pair, trained
from study.measure.meta_convolutions import VisibleConvolutions
from study.measure.quiet_fvcore import FlopCountAnalysis, Handle, get_shape, jit_handles


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


def _convolution(transposed: bool) -> Handle:
    def handle(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
        images, weight = get_shape(inputs[0]), get_shape(inputs[1])
        return Counter(
            conv=int(jit_handles.conv_flop_count(images, weight, get_shape(outputs[0]), transposed=transposed))
        )

    return handle


# No matrix products, so zero by open_clip's convention.
_NORMS = (
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "linalg_vector_norm",
    "norm",
    "rms_norm",
    "var",
    "var_mean",
)
_POOLING = ("adaptive_avg_pool2d", "adaptive_max_pool2d", "amax", "avg_pool1d", "avg_pool2d", "cumsum", "max_pool2d")
_SUMS = ("mean", "sum")
_RESIZING = (
    "_upsample_bicubic2d_aa",
    "grid_sampler",
    "upsample_bicubic2d",
    "upsample_bilinear2d",
    "upsample_nearest2d",
)
_ACTIVATIONS = ("gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "sigmoid", "silu", "softmax", "softplus")
_FUNCTIONS = (
    "ceil",
    "clamp_min",
    "cos",
    "dropout",
    "exp",
    "log",
    "neg",
    "pow",
    "rsqrt",
    "sin",
    "sqrt",
    "square",
    "tanh",
)
_ARITHMETIC = ("add", "addcmul", "div", "maximum", "mul", "rsub", "sub")
_IN_PLACE = tuple(f"{name}_" for name in (*_ACTIVATIONS, *_FUNCTIONS, *_ARITHMETIC))
# Look-ups, masks and shapes that fvcore's own list of free operators lacks.
_LOOKUPS = ("argmax", "embedding", "masked_fill_", "ne", "new_ones", "one_hot")
_COPIES = ("col2im", "flip", "im2col", "meshgrid", "pad", "repeat", "repeat_interleave", "tile", "unfold")
_VIEWS = ("expand_as", "numpy_T", "reshape_as", "unflatten")
_SUMS_AND_NORMS = (*_NORMS, *_POOLING, *_SUMS, *_RESIZING)
_ELEMENTWISE = (*_ACTIVATIONS, *_FUNCTIONS, *_ARITHMETIC, *_IN_PLACE)
_NOTHING = (*_SUMS_AND_NORMS, *_ELEMENTWISE, *_LOOKUPS, *_COPIES, *_VIEWS)

# How each product is counted, forward and backward.
_PRODUCTS: dict[str, tuple[Handle, Gradients]] = {
    "aten::linear": (jit_handles.linear_flop_jit, of_pair(0, 1)),
    "aten::matmul": (matrix_product, of_pair(0, 1)),
    "aten::mm": (matrix_product, of_pair(0, 1)),
    "aten::bmm": (jit_handles.bmm_flop_jit, of_pair(0, 1)),
    "aten::addmm": (jit_handles.addmm_flop_jit, of_pair(1, 2)),
    "aten::einsum": (jit_handles.einsum_flop_jit, of_list),
    "aten::_convolution": (jit_handles.conv_flop_jit, of_pair(0, 1)),
    "aten::scaled_dot_product_attention": (attention, of_attention),
    "prim::PythonOp.MetaConvolution": (_convolution(transposed=False), of_pair(0, 1)),
    "prim::PythonOp.MetaTransposedConvolution": (_convolution(transposed=True), of_pair(0, 1)),
}


def handlers() -> dict[str, Handle]:
    """For the trace of one module: of products, forward and backward, and of what counts as none."""
    reached = Reached()
    products = {name: trained(forward, gradients, reached) for name, (forward, gradients) in _PRODUCTS.items()}
    return {**{f"aten::{name}": nothing for name in _NOTHING}, **products}


def analyse(module: nn.Module, inputs: tuple[Tensor, ...], handlers: Mapping[str, Handle]) -> FlopCountAnalysis:
    """fvcore's analysis, already traced, of a forward pass on any device, the meta device included."""
    analysis = FlopCountAnalysis(module, inputs).set_op_handle(**handlers)
    analysis.tracer_warnings("none").unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with VisibleConvolutions():
        analysis.total()
    return analysis
