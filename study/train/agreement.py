"""What all processes of a run do at the end of a step, agreed without a wait: each has told its wish a step before."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import partial

import torch
import torch.distributed as dist

from study.train.device import Place


class Wish(IntEnum):
    """What a process wants of all; the greatest counts."""

    GO_ON = 0
    SAVE = 1
    STOP = 2


class Agreement:
    """Called by every process at the end of every step, with the same answer in each."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._pending: Callable[[], int] | None = None

    def __call__(self, wish: Wish) -> Wish:
        """The greatest wish at the end of the step before; of a process alone its own, at once.

        A wish that comes with an answer other than GO_ON is not heard: what was agreed is done first.
        """
        if self._place.world_size == 1:
            return wish
        agreed = self.last()
        if agreed is Wish.GO_ON:
            self._pending = _greatest(wish, self._place.device)
        return agreed

    def last(self) -> Wish:
        """What is still to be told, where no other step follows."""
        told, self._pending = self._pending, None
        return Wish.GO_ON if told is None else Wish(told())


def _greatest(wish: Wish, device: torch.device) -> Callable[[], int]:
    """Start to compare; what is returned waits for the result, which was under way for a step."""
    found = torch.full((1,), float(wish), device=device)
    if device.type != "cuda":
        work = dist.all_reduce(found, dist.ReduceOp.MAX, async_op=True)
        assert work is not None
        return partial(_after, work.wait, found)
    dist.all_reduce(found, dist.ReduceOp.MAX)  # only the device waits for it
    told, copied = torch.empty(1, pin_memory=True), torch.cuda.Event()  # type: ignore[no-untyped-call]
    told.copy_(found, non_blocking=True)
    copied.record()
    return partial(_after, copied.synchronize, told)


def _after(wait: Callable[[], object], value: torch.Tensor) -> int:
    wait()
    return int(value.item())
