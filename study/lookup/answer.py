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
    """One choice. A measured one is a setting with its seeds; a law's is a group of settings at the budget.

    ``low`` and ``high`` hold the mean of a measured setting, and one new run of a law's group, in 90 of 100 cases;
    none where one seed leaves the spread unknown. ``outside`` says how many times the budget lies beyond the
    compute that the law was fitted to (1 = within).
    """

    rank: int
    evidence: Literal["measured", "law"]
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
    quality: str | None
    unique_pairs: int | None
    samples_seen: int | None
    train_flops: float | None
    gpu_hours: float | None
    outside: float
    note: str | None
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Options within the budget, best first, and what a reader must know to trust them."""

    study: str
    dataset: str
    metric: str
    budget: Budget
    chance: float | None
    measured: tuple[Option, ...]
    predicted: tuple[Option, ...]
    notes: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether anything is known within the budget: a measured setting, or a law that reaches to it."""
        return bool(self.measured) or any(option.outside == 1 for option in self.predicted)

    def as_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)
