"""What sharded towers take, from the shapes of their parameters and of one training step; without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from study.predict.moments import Held, Moments

BLOCKS = 3  # as much as one, at once: the one that runs, the next one on its way, a gradient on its way out
MOMENTS = 2  # of AdamW, for each number that is trained


class Rows(NamedTuple):
    """Parameters of so many rows each, which take ``a_row`` bytes a row together."""

    rows: int
    a_row: int


@dataclass(frozen=True)
class ShardedTowers:
    """What the towers take in a phase, in bytes, where each process holds some rows of every parameter (FSDP2).

    ``weights`` are all parameters of the towers, ``trained`` those with a gradient; ``beside`` are the states that
    every process holds. ``root`` are the weights that stand in no block and are put together for a whole pass,
    ``block`` those of the largest block. ``backward`` are the moments of a backward pass in which the gradients of a
    block are given up as soon as it has them all.
    """

    weights: tuple[Rows, ...]
    trained: tuple[Rows, ...]
    beside: int
    root: int
    block: int
    backward: Moments

    @staticmethod
    def of(plain: Mapping[str, Any]) -> ShardedTowers:
        """From the plain data that ``dataclasses.asdict`` and JSON make of one."""
        rows = {name: tuple(Rows(*one) for one in plain[name]) for name in ("weights", "trained")}
        return ShardedTowers(**{**plain, **rows, "backward": tuple(Held(*moment) for moment in plain["backward"])})

    def states(self, processes: int) -> int:
        """Weights, buffers and moments on the process that holds most."""
        return self.beside + share(self.weights, processes) + MOMENTS * self.gradients(processes)

    def gradients(self, processes: int) -> int:
        """Gradients on the process that holds most."""
        return share(self.trained, processes)

    @property
    def together(self) -> int:
        """Weights and gradients that are whole at once; the root's gradient goes out when no block is there."""
        return self.root + max(BLOCKS * self.block, self.root)


def share(parameters: tuple[Rows, ...], processes: int) -> int:
    """Bytes of the process that holds most: rows are dealt out whole."""
    return sum(-(-one.rows // processes) * one.a_row for one in parameters)
