"""What ``results/NAME/ledger.json`` holds."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from study.ledger.amounts import Amounts, Due
from study.records import Frozen

NOTHING = Amounts()


class Reservation(Frozen):
    """What a process that works on a run is expected to take, until it ends."""

    due: Due
    since: str = Field(description="UTC, ISO 8601")
    process: str = Field(description="its number and machine")
    attempts_before: int = Field(description="entries of the run's attempts.json that are of earlier processes")


class Entry(Frozen):
    """What a run has cost this study: all its processes, however they ended."""

    spent: Amounts = NOTHING
    processes: int = Field(0, description="that have ended")
    reserved: Reservation | None = None

    def settled(self, hours: float, kwh: float | None = None) -> Entry:
        """The reservation replaced by what the process took; ``kwh`` where that was measured."""
        if self.reserved is None:
            return self
        took = self.reserved.due.an_hour.times(hours)
        took = took if kwh is None else took.model_copy(update={"kwh": kwh})
        return Entry(spent=self.spent + took, processes=self.processes + 1)


class Ledger(Frozen):
    """All runs that a process of this study has worked on; and those that the limit kept from starting, with why."""

    runs: dict[str, Entry] = Field(default_factory=dict)
    refused: dict[str, str] = Field(default_factory=dict)

    def spent(self, price: float | None = None) -> Amounts:
        """By all processes that have ended; ``price`` a device-hour for what was spent when none was known."""
        return _sum((entry.spent for entry in self.runs.values()), price)

    def reserved(self, price: float | None = None) -> Amounts:
        """By all processes under way."""
        return _sum((entry.reserved.due.amounts for entry in self.runs.values() if entry.reserved), price)

    @property
    def under_way(self) -> dict[str, Reservation]:
        """The runs that a process works on now."""
        return {run_id: entry.reserved for run_id, entry in self.runs.items() if entry.reserved}

    def with_run(self, run_id: str, entry: Entry) -> Ledger:
        """With one run's entry replaced; a run that is worked on is no longer refused."""
        refused = {name: why for name, why in self.refused.items() if name != run_id}
        return Ledger(runs={**self.runs, run_id: entry}, refused=refused)

    def with_refused(self, run_id: str, why: str) -> Ledger:
        """With a run that did not start."""
        return Ledger(runs=self.runs, refused={**self.refused, run_id: why})


def _sum(amounts: Iterable[Amounts], price: float | None) -> Amounts:
    total = NOTHING
    for one in amounts:
        total += one.priced(price)
    return total
