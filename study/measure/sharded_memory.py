"""Memory of towers that processes share, from their parameters and from the trace of a step of whole ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from torch import Tensor

from study.measure.allocations import Change
from study.measure.followed import freed, held_after
from study.measure.weightless import Weightless
from study.models.units import sharding_problem, units
from study.predict.memory_sharded import MOMENTS, Rows, ShardedTowers, share
from study.predict.moments import peaks


class Completed(NamedTuple):
    """A parameter whose gradient was whole after so many changes, and the number of its gradient's storage."""

    changes: int
    storage: int
    parameter: Tensor


def sharded(
    model: Weightless, states: int, changes: Sequence[Change], forward: int, completed: Sequence[Completed]
) -> ShardedTowers | None:
    """As ``study.train.sharding`` shares them out; none for towers that it does not take.

    ``states`` are those of one process, ``changes`` those of a step of which so many are of the ``forward`` pass.
    """
    towers = [model.clip.visual, model.clip.text]
    if any(map(sharding_problem, towers)):
        return None
    every = [parameter for tower in towers for parameter in tower.parameters()]
    weights, trained = _rows(every), _rows(one for one in every if one.requires_grad)
    blocks = [list(block.parameters()) for tower in towers for block in units(tower)]
    alone = [_bytes(block) for block in blocks]
    block_of = {id(parameter): number for number, block in enumerate(blocks) for parameter in block}
    given_up = freed(changes, list(_given_up(completed, block_of)))
    return ShardedTowers(
        weights=weights,
        trained=trained,
        beside=states - share(weights, 1) - MOMENTS * share(trained, 1),
        root=_bytes(every) - sum(alone),
        block=max(alone, default=0),
        backward=peaks(list(held_after(given_up))[forward:]),
    )


def _given_up(completed: Iterable[Completed], block_of: dict[int, int]) -> Iterator[tuple[int, int]]:
    """When a gradient goes that belongs to a block: as the last of them is complete."""
    of_block: dict[int, list[Completed]] = defaultdict(list)
    for one in completed:
        if id(one.parameter) in block_of:
            of_block[block_of[id(one.parameter)]].append(one)
    for every in of_block.values():
        yield from ((max(one.changes for one in every), one.storage) for one in every)


def _rows(parameters: Iterable[Tensor]) -> tuple[Rows, ...]:
    found: Counter[int] = Counter()
    for parameter in parameters:
        found[len(parameter)] += _bytes([parameter]) // len(parameter)
    return tuple(Rows(rows, found[rows]) for rows in sorted(found))


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
