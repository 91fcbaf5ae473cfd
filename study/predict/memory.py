"""Peak memory of a training step from coefficients that ``study.measure`` finds; without torch.

What a step holds at any one moment is so many bytes for each pair of a micro-batch and so many beside; the peak is the
most of all moments. Only those moments are kept that are the peak for some micro-batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Held(NamedTuple):
    """Bytes held at a moment: for each pair of the micro-batch, and beside."""

    a_pair: int
    fixed: int

    def of(self, pairs: int) -> int:
        """Bytes held with ``pairs`` pairs."""
        return self.a_pair * pairs + self.fixed


Moments = tuple[Held, ...]


@dataclass(frozen=True)
class TowersMemory:
    """What the towers take in a phase, in bytes.

    ``states`` are weights, buffers and the optimiser's moments, ``gradients`` those of the towers' parameters. What
    the moments hold is beside the states: of a forward pass, with ``saved`` at its end; of the ``first`` backward pass
    of a step, which makes the gradients; of any ``later`` one, which adds to them.
    ``features`` has the shape of a pair's features that are the loss's.
    """

    states: int
    gradients: int
    forward: Moments
    saved: Held
    first: Moments
    later: Moments
    features: dict[str, list[int]]

    @staticmethod
    def of(plain: Mapping[str, Any]) -> TowersMemory:
        """From the plain data that ``dataclasses.asdict`` and JSON make of one."""
        moments = {name: tuple(Held(*moment) for moment in plain[name]) for name in ("forward", "first", "later")}
        return TowersMemory(**{**plain, **moments, "saved": Held(*plain["saved"])})


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
    """How a global batch is shared out: ``micro`` pairs at once on each of ``processes``."""

    global_batch: int
    micro: int
    processes: int = 1

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
    from the start of a step (``Session.batches``). Several processes hold a copy of the towers' gradients, the buckets
    of DistributedDataParallel. With one micro-batch its activations wait for the loss; with several, all features
    come first, without activations, and the passes are made again after the loss (``study.train.step``).
    """
    buckets = towers.gradients if split.processes > 1 else 0
    forward, first, later = (most(m, split.micro) for m in (towers.forward, towers.first, towers.later))
    if split.accumulation == 1:
        moments = [(0, forward), (loss.peak, towers.saved.of(split.micro)), (loss.kept, first)]
    else:
        moments = [(loss.peak, 0), (loss.kept, max(first, towers.gradients + max(forward, later)))]
    of_loss, of_towers = max(moments, key=sum)
    return Parts(towers.states + loss.states, split.share * stored_a_pair, of_loss, of_towers + buckets)


def most(moments: Moments, pairs: int) -> int:
    """The peak over some moments with ``pairs`` pairs."""
    return max(moment.of(pairs) for moment in moments)


def peaks(moments: Iterable[Held]) -> Moments:
    """The moments that are the peak for some number of pairs, from the fewest bytes a pair to the most."""
    kept: list[Held] = []
    for moment in sorted(set(moments)):
        if kept and kept[-1].a_pair == moment.a_pair:
            kept.pop()
        while kept and (moment.fixed >= kept[-1].fixed or (len(kept) > 1 and _never(kept[-2], kept[-1], moment))):
            kept.pop()
        kept.append(moment)
    return tuple(kept)


def _never(less: Held, between: Held, more: Held) -> bool:
    """Whether ``between`` is nowhere above both others, which grow less and more steeply with the pairs."""
    over_less = (less.fixed - more.fixed) * (between.a_pair - less.a_pair)
    return over_less <= (less.fixed - between.fixed) * (more.a_pair - less.a_pair)
