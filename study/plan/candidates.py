"""What each run of a plan would still add to the study's caps, and what a set of runs adds up to."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from study.config import Limit
from study.ledger import counted
from study.plan.due import Row, devices, left
from study.plan.schedule import Job, finish


@dataclass(frozen=True)
class Candidate:
    """A run that may be kept or left out; ``settled`` ones take no more: they are scored, or under way."""

    key: str
    row: Row
    needs: tuple[str, ...]
    settled: bool
    hours: float
    counts: dict[str, float]  # in the units of the caps

    @property
    def is_trial(self) -> bool:
        """Whether it is only there to choose a learning rate."""
        return bool(self.row["purpose"] == "tuning")

    @property
    def job(self) -> Job:
        """For the schedule."""
        return Job(self.key, self.hours, devices(self.row), self.needs)


def candidates(
    rows: Sequence[Row],
    keys: Sequence[str],
    results: Path,
    evaluation_id: str,
    limit: Limit,
    under_way: Collection[str],
) -> list[Candidate]:
    """One a row, in the order of the grid; ``keys`` are ids, ``under_way`` those of runs with a reservation."""
    found = []
    for key, row in zip(keys, rows, strict=True):
        due = left(row, results, evaluation_id)
        due = due.model_copy(update={"hours": 0.0}) if key in under_way else due
        needs = tuple(json.loads(row["needs"] or "[]"))
        found.append(Candidate(key, row, needs, due.hours == 0, due.hours, counted(due.amounts, limit)))
    return found


@dataclass(frozen=True)
class Budget:
    """A limit with what is spent and reserved of it: the caps by which sets of runs are judged."""

    limit: Limit
    spent: dict[str, float]
    reserved: dict[str, float]

    def to_do(self, runs: Collection[Candidate]) -> dict[str, float]:
        """What the runs add, by cap; wall hours from now to the last one's end."""
        sums = {name: sum(run.counts[name] for run in runs) for name in self.limit.caps}
        if "wall_hours" in sums:
            ordered = sorted((run for run in runs if not run.settled), key=lambda run: not run.is_trial)
            sums["wall_hours"] = finish((run.job for run in ordered), self.limit.gpus or 1)
        return sums

    def total(self, to_do: Mapping[str, float]) -> dict[str, float]:
        """With what is spent and reserved."""
        return {name: self.spent[name] + self.reserved[name] + more for name, more in to_do.items()}
