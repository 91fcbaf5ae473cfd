"""What memory fake tensors would take and give back while some code runs, in order."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, NamedTuple

from torch import Tensor
from torch._subclasses import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Change(NamedTuple):
    """A storage, by its number, made (``bytes`` > 0) or freed (< 0)."""

    storage: int
    bytes: int


class Allocations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While active, notes each storage of fake tensors that an operator makes, and whenever it is freed.

    What was there before is noted only if it is made known, so that what it takes is not counted again.
    """

    def __init__(self, known: Iterable[Tensor] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.changes: list[Change] = []
        self._live: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._made = 0
        for tensor in known:
            self._note(tensor)
        self.changes.clear()

    def storage(self, tensor: Tensor) -> int:
        """The number of a tensor's storage."""
        return self._live[tensor.untyped_storage()._cdata][1]

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operator and note what it made."""
        results = function(*args, **(kwargs or {}))
        for result in tree_leaves(results):
            if isinstance(result, FakeTensor):
                self._note(result)
        return results

    def _note(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._live:
            return
        self._made += 1
        number = self._made

        def freed(_: object) -> None:
            del self._live[key]
            self.changes.append(Change(number, -size))

        self._live[key] = (weakref.ref(storage, freed), number)
        self.changes.append(Change(number, size))
