"""What ``results/NAME/ledger.json`` holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic import Field, ValidationError

from study import io
from study.clock import utc_now
from study.errors import StorageError
from study.ledger.amounts import Amounts, Due
from study.records import Frozen

NOTHING = Amounts()


class Reservation(Frozen):
    """What a process that works on a run is expected to take, until it ends."""

    id: str = Field("", description="of this process; none in the first ledgers")
    due: Due
    since: str = Field(description="when the process started, UTC, ISO 8601")
    host: str = Field("", description="its machine")
    process: str = Field(description="its number and machine, in words")
    attempts_before: int = Field(description="entries of the run's attempts.json that are of earlier processes")

    @property
    def amounts(self) -> Amounts:
        """What it is due, or what it has taken so far where that is more."""
        return self.due.an_hour.times(max(self.due.hours, self.hours_until(utc_now().timestamp())))

    def hours_until(self, seconds: float) -> float:
        """Hours from its start to a time in seconds since 1970."""
        return max(0.0, seconds - datetime.fromisoformat(self.since).timestamp()) / 3600

    def took(self, hours: float, kwh: float | None) -> Amounts:
        """What so many hours stand for; ``kwh`` where that was measured."""
        took = self.due.an_hour.times(hours)
        return took if kwh is None else took.model_copy(update={"kwh": kwh})


class Entry(Frozen):
    """What a run has cost this study: all its processes, however they ended."""

    spent: Amounts = Field(NOTHING, description="by processes that came to an end")
    processes: int = Field(0, description="how many these are")
    lost: dict[str, Amounts] = Field(default_factory=dict, description="by processes that died, by reservation")
    reserved: Reservation | None = None

    @property
    def total(self) -> Amounts:
        """By all processes but the one under way."""
        return sum(self.lost.values(), self.spent)

    def ended(self, reservation: Reservation, took: Amounts) -> Entry:
        """A process came to its end; what was put down for it counts no more, should it have been taken for dead."""
        return Entry(
            spent=self.spent + took,
            processes=self.processes + 1,
            lost={key: amounts for key, amounts in self.lost.items() if key != reservation.id},
            reserved=None if self.reserved and self.reserved.id == reservation.id else self.reserved,
        )

    def given_up(self, reservation: Reservation, took: Amounts) -> Entry:
        """The process with the reservation is dead, as far as others can tell."""
        return self.model_copy(update={"lost": {**self.lost, reservation.id: took}, "reserved": None})


class Ledger(Frozen):
    """All runs that a process of this study has worked on; and those that the limit kept from starting, with why."""

    runs: dict[str, Entry] = Field(default_factory=dict)
    refused: dict[str, str] = Field(default_factory=dict)

    def spent(self, price: float | None = None) -> Amounts:
        """By all processes that have ended; ``price`` a device-hour for what was spent when none was known."""
        return _sum((entry.total for entry in self.runs.values()), price)

    def reserved(self, price: float | None = None) -> Amounts:
        """By all processes under way, by now at least."""
        return _sum((entry.reserved.amounts for entry in self.runs.values() if entry.reserved), price)

    @property
    def under_way(self) -> dict[str, Reservation]:
        """The runs that a process works on now."""
        return {run_id: entry.reserved for run_id, entry in self.runs.items() if entry.reserved}

    def with_run(self, run_id: str, entry: Entry) -> Ledger:
        """With one run's entry replaced; a run that is worked on is no longer refused."""
        refused = {name: why for name, why in self.refused.items() if name != run_id or entry.reserved is None}
        return Ledger(runs={**self.runs, run_id: entry}, refused=refused)

    def with_refused(self, run_id: str, why: str) -> Ledger:
        """With a run that did not start."""
        return Ledger(runs=self.runs, refused={**self.refused, run_id: why})


def _sum(amounts: Iterable[Amounts], price: float | None) -> Amounts:
    total = NOTHING
    for one in amounts:
        total += one.priced(price)
    return total


def read_ledger(path: Path) -> Ledger:
    """The ledger in a file, empty where there is none; raises StorageError when the file is damaged."""
    if not path.exists():
        return Ledger()
    try:
        return Ledger.model_validate(io.read_json(path))
    except (ValidationError, StorageError) as error:
        raise StorageError(
            f"{path} is no ledger ({str(error).splitlines()[0]}); put an earlier copy back, or move it away: "
            "what the study has spent so far then counts as nothing"
        ) from error
