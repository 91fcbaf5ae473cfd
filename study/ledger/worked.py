"""What the processes that worked on a run left behind: how far they came, and how long it took them."""

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
    return _read(run / "attempts.json") or []


def _read(path: Path) -> list[Attempt] | None:
    """None for a damaged file."""
    if not path.exists():
        return []
    try:
        entries: list[dict[str, Any]] = io.read_json(path)
        return [Attempt.model_validate(entry) for entry in entries]
    except (StorageError, ValidationError, TypeError):
        return None


def took(run: Path, reservation: Reservation, hours: float | None = None) -> tuple[float, float | None]:
    """Hours of the process with a reservation, and kWh where they were measured.

    ``hours`` is none for a process that died: then what it last wrote counts, seconds old; all that was reserved
    where that cannot be read.
    """
    every = _read(run / "attempts.json")
    own = next(iter((every or [])[reservation.attempts_before :]), None)
    if hours is None:
        hours = reservation.due.hours if every is None else own.wall_hours if own else 0.0
    if own is None or own.energy_kwh is None or not own.wall_hours:
        return hours, None
    return hours, own.energy_kwh / own.wall_hours * hours  # scoring draws what training did


def samples_done(run: Path) -> int:
    """How far a run's last process had come when it last wrote, in samples; 0 for a run that has not begun."""
    return max((attempt.last_sample for attempt in attempts(run)[-1:]), default=0)
