"""Peak memory of a training step from coefficients that ``study.measure`` finds; without torch.

What a step holds at any one moment is so many bytes for each pair of a micro-batch and so many beside; the peak is the
most of all moments. Only those moments are kept that are the peak for some micro-batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from study.predict.memory_sharded import ShardedTowers
from study.predict.moments import Held, Moments, most


@dataclass(frozen=True)
class TowersMemory:
    """What the towers take in a phase, in bytes.

    ``states`` are weights, buffers and the optimiser's moments, ``gradients`` those of the towers' parameters. What
    the moments hold is beside the states: of a forward pass, with ``saved`` at its end; of the ``first`` backward pass
    of a step, which makes the gradients; of any ``later`` one, which adds to them. ``sharded`` is what they take where
    processes share them, if they can. ``features`` has the shape of a pair's features that are the loss's.
    """

    states: int
    gradients: int
    forward: Moments
    saved: Held
    first: Moments
    later: Moments
    sharded: ShardedTowers | None
    features: dict[str, list[int]]

    @staticmethod
    def of(plain: Mapping[str, Any]) -> TowersMemory:
        """From the plain data that ``dataclasses.asdict`` and JSON make of one."""
        moments = {name: tuple(Held(*moment) for moment in plain[name]) for name in ("forward", "first", "later")}
        sharded = ShardedTowers.of(plain["sharded"]) if plain["sharded"] else None
        return TowersMemory(**{**plain, **moments, "saved": Held(*plain["saved"]), "sharded": sharded})


@dataclass(frozen=True)
class LossMemory:
    """What the loss of a global batch takes, in bytes: ``peak`` as it is differentiated, of which ``kept`` stays until
    the step ends, and ``states`` that stay between steps: those of an optimiser of the strategy's own.
    """

    peak: int
    kept: int
    states: int


@dataclass(frozen=True)
class Split:
    """How a global batch is shared out: ``micro`` pairs at once on each of ``processes``; and whether towers are."""

    global_batch: int
    micro: int
    processes: int = 1
    sharded: bool = False

    @property
    def share(self) -> int:
        """Pairs of a step on one process."""
        return self.global_batch // self.processes

    @property
    def accumulation(self) -> int:
        """Micro-batches of a step on one process."""
        return self.share // self.micro


class Parts(NamedTuple):
    """What a process holds at the peak of a step, in bytes, by what it is for.

    ``states`` are weights and moments of optimisers; ``pairs`` the stored images and texts of a step; ``loss`` is what
    the loss takes, ``towers`` activations and gradients of the towers.
    """

    states: int
    pairs: int
    loss: int
    towers: int


def peak_parts(towers: TowersMemory, loss: LossMemory, stored_a_pair: int, split: Split) -> Parts:
    """The most that a process holds in a step.

    ``stored_a_pair`` are the bytes of a stored image and its text: those of a process's whole share are on the device
    from the start of a step (``Session.batches``). With one micro-batch its activations wait for the loss; with
    several, all features come first, without activations, and the passes are made again after the loss
    (``study.train.step``).
    """
    forward, saved = most(towers.forward, split.micro), towers.saved.of(split.micro)
    shared_out = towers.sharded if split.sharded else None  # towers that cannot be stay whole
    found = _sharded(shared_out, split) if shared_out else _replicated(towers, split)
    states, beside, gradients, backward = found
    if split.accumulation == 1:
        moments = [(0, forward), (loss.peak, saved), (loss.kept, backward)]
    else:
        moments = [(loss.peak, 0), (loss.kept, max(backward, gradients + forward))]
    of_loss, of_towers = max(moments, key=sum)
    return Parts(states + loss.states, split.share * stored_a_pair, of_loss, of_towers + beside)


class _Towers(NamedTuple):
    """Between steps; all through a step; gradients once they are there; the peak of a step's backward passes."""

    states: int
    beside: int
    gradients: int
    backward: int


def _replicated(towers: TowersMemory, split: Split) -> _Towers:
    """Several processes hold a copy of the gradients, the buckets of DistributedDataParallel."""
    first, later = (most(moments, split.micro) for moments in (towers.first, towers.later))
    backward = first if split.accumulation == 1 else max(first, towers.gradients + later)
    return _Towers(towers.states, towers.gradients if split.processes > 1 else 0, towers.gradients, backward)


def _sharded(towers: ShardedTowers, split: Split) -> _Towers:
    """The share of the gradients is counted from the start."""
    beside = towers.together + towers.gradients(split.processes)
    return _Towers(towers.states(split.processes), beside, 0, most(towers.backward, split.micro))
