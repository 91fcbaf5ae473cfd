"""Models on the meta device: shapes without memory, and without the time it takes to pretend to draw weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_FILLS = frozenset(
    {
        *(nn.init.constant_, nn.init.kaiming_uniform_, nn.init.normal_, nn.init.uniform_),
        *(Tensor.add_, Tensor.clamp_, Tensor.erfinv_, Tensor.fill_, Tensor.mul_),
        *(Tensor.normal_, Tensor.uniform_, Tensor.zero_),
    }
)


@contextmanager
def on_meta() -> Iterator[None]:
    """What is made within is on the meta device, and is not filled: there, drawing takes most of a tower's time."""
    with torch.device("meta"), _Unfilled():
        yield


class _Unfilled(TorchFunctionMode):
    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        if function not in _FILLS:
            return function(*args, **options)
        filled: Tensor = args[0] if args else options["tensor"]  # as torch.nn.init passes it
        return filled if filled.is_meta else function(*args, **options)
