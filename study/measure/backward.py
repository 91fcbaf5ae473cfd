"""What the backward pass multiplies, read off the trace of the forward pass.

A product of two operands asks for one as large for the gradient of each. It costs nothing where no gradient is asked:
of images, of constant tables, of frozen weights and of what lies before the first trained one; nor does a product that
leads to no result that is trained through. Recomputation is not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import prod
from typing import Any

from study.measure.quiet_fvcore import Handle, get_shape

FORWARD = "forward"
# Multiply-adds of the gradients of an operator's operands, from its inputs and its own multiply-adds.
Gradients = Callable[[list[Any], int], int]
_HOLDS_TENSORS = ("TensorType", "ListType", "TupleType")


def backward(result: int) -> str:
    """The key of what training through one result of a module multiplies beside its forward pass."""
    return f"backward {result}"


class Reached:
    """The results of a traced module from which a gradient comes back to a value; one object a trace."""

    def __init__(self) -> None:
        self._before: list[set[int]] | None = None

    def __call__(self, value: Any) -> list[int]:
        """Numbers of the results, in the order in which the module returns them."""
        if self._before is None:
            self._before = [_before(result) for result in _results(value.node().owningBlock())]
        return [number for number, values in enumerate(self._before) if value.unique() in values]


def _results(block: Any) -> list[Any]:
    (returned,) = block.outputs()
    made = returned.node()
    return list(made.inputs()) if made.kind() == "prim::TupleConstruct" else [returned]


def _before(result: Any) -> set[int]:
    """The values that a gradient at a result comes back to, by their numbers in the trace."""
    found: set[int] = set()
    left = [result]
    while left:
        value = left.pop()
        if value.unique() in found or not _carries(value):
            continue
        found.add(value.unique())
        left.extend(value.node().inputs())
    return found


def _carries(value: Any) -> bool:
    return value.type().kind() in _HOLDS_TENSORS and (_trained(value) or not value.isCompleteTensor())


def _trained(value: Any) -> bool:
    """Whether a gradient is asked of an operand; an absent one is no tensor."""
    return bool(value.isCompleteTensor() and value.requires_grad())


def trained(forward: Handle, gradients: Gradients, reached: Reached) -> Handle:
    """Count an operator's forward pass and, for each result that it leads to, the gradients of its operands."""

    def handle(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
        macs = _total(forward(inputs, outputs))
        more = gradients(inputs, macs)
        return Counter({FORWARD: macs, **{backward(result): more for result in reached(outputs[0]) if more}})

    return handle


def _total(counted: Any) -> int:
    return int(sum(counted.values()) if isinstance(counted, Counter) else counted)


def of_pair(first: int, second: int) -> Gradients:
    """The gradients of a product of the operands at two places of an operator's inputs."""
    return lambda inputs, macs: macs * (_trained(inputs[first]) + _trained(inputs[second]))


def of_list(inputs: list[Any], macs: int) -> int:
    """The gradients of an einsum: two products for each of its own, less those of operands without a gradient."""
    operands = [_trained(value) for value in inputs[1].node().inputs()]
    return round(2 * macs * sum(operands) / len(operands))


def of_attention(inputs: list[Any], macs: int) -> int:
    """The gradients of both products of attention: queries by keys, and the weights they make by values."""
    query, key, value = inputs[:3]
    by_values = prod(get_shape(query)[:-1]) * get_shape(key)[-2] * get_shape(value)[-1]
    asked = _trained(query) + _trained(key)
    return int((macs - by_values) * asked + by_values * (_trained(value) + (asked > 0)))
