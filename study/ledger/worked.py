"""What the processes that worked on a run left behind in its ``attempts.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from study import io
from study.errors import StorageError
from study.ledger.book import Reservation
from study.records import Attempt


def attempts(run: Path) -> list[Attempt]:
    """The entries of a run's ``attempts.json``, none where it is not there yet or damaged."""
    path = run / "attempts.json"
    if not path.exists():
        return []
    try:
        entries: list[dict[str, Any]] = io.read_json(path)
        return [Attempt.model_validate(entry) for entry in entries]
    except (StorageError, ValidationError, TypeError):
        return []


def measured_kwh(run: Path, reservation: Reservation, hours: float) -> float | None:
    """Energy of so many hours of the process with a reservation; none where its training was not measured."""
    own = next(iter(attempts(run)[reservation.attempts_before :]), None)
    if own is None or own.energy_kwh is None or not own.wall_hours:
        return None
    return own.energy_kwh / own.wall_hours * hours  # scoring draws what training did
