"""What a look-up gives back: plain data, the same for Python, JSON and the terminal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

BudgetKind = Literal["train_flops", "gpu_hours", "samples_seen"]


@dataclass(frozen=True)
class Budget:
    """The most that one training run may take, in the unit of a column of the runs table."""

    kind: BudgetKind
    value: float


@dataclass(frozen=True)
class Option:
    """One choice. A measured one is a setting with its seeds; a law's is what its runs would reach at the budget.

    ``low`` and ``high`` hold the mean of a measured setting, and one new run of a law, in 90 of 100 cases; none where
    one seed leaves the spread unknown, and outside the evidence of a law that was never tried on points held out.
    ``tied`` with the first of its kind: the intervals overlap. ``outside`` says how many times the question lies beyond
    what the law was fitted to (1 = within). ``arch``, ``samples_seen`` and the rest of a law's option are those of
    ``nearest``, the run of the law that is nearest in compute. ``gpu_hours`` are on ``gpus`` of the device asked for
    where there is one, ``gpu_hours_from`` says what they rest on; ``note`` what else a reader must know. ``law`` is in
    words; ``provisional`` says why it may change with more runs, ``caution`` what it cannot tell.
    """

    rank: int
    evidence: Literal["measured", "law"]
    study: str
    label: str
    score: float
    low: float | None
    high: float | None
    sd: float | None
    n: int
    tied: bool
    arch: str | None
    family: str | None
    strategy: str | None
    pretrain_data: str | None
    quality: str | None
    quality_share: float | None
    unique_pairs: int | None
    samples_seen: int | None
    global_batch_size: int | None
    train_flops: float | None
    gpu_hours: float | None
    gpu_hours_low: float | None
    gpu_hours_high: float | None
    gpu_hours_from: str | None
    gpus: int | None
    memory_gib: float | None
    memory_from: str | None
    outside: float
    nearest: str | None
    note: str | None
    law: str | None
    provisional: str | None
    caution: str | None
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """The least at which a score is reached, by a law or by a measured setting.

    ``train_flops`` is where the law's middle reaches it, ``low`` where one new run in twenty does, ``high`` where
    nineteen in twenty do; a bound that is not within ten times the evidence is none. ``at_most``: the middle lies below
    that too, and ``train_flops`` is where the search ended. All are none where the law does not reach it there at all,
    and ``note`` says why. Hours are those of the three, with their range.
    """

    rank: int
    evidence: Literal["measured", "law"]
    study: str
    label: str
    n: int
    train_flops: float | None
    low: float | None
    high: float | None
    samples_seen: int | None
    gpu_hours: float | None
    gpu_hours_low: float | None
    gpu_hours_high: float | None
    gpu_hours_from: str | None
    gpus: int | None
    memory_gib: float | None
    memory_from: str | None
    outside: float
    nearest: str | None
    note: str | None
    provisional: str | None
    caution: str | None
    runs: tuple[str, ...]
    at_most: bool = False


@dataclass(frozen=True)
class Answer:
    """Options within the budget, best first, and what a reader must know to trust them.

    ``reached`` answers what ``target`` costs, the least first; what does not reach it comes last.
    """

    studies: tuple[str, ...]
    dataset: str
    metric: str
    budget: Budget | None
    target: float | None
    gpu: str | None
    gpus: int | None
    pairs: int | None
    chance: float | None
    measured: tuple[Option, ...]
    predicted: tuple[Option, ...]
    reached: tuple[Reach, ...]
    notes: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether anything is known: a setting or a law that reaches to the budget, or to the target without one."""
        if self.budget is None:
            return any(one.train_flops is not None for one in self.reached)
        return bool(self.measured) or any(option.outside == 1 for option in self.predicted)

    def as_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)
