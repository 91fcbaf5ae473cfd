"""How each run of a study stands right now, from the files that runs leave as they go. No torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.errors import StorageError
from study.io import is_locked, read_json
from study.ledger import Ledger, attempts, samples_done
from study.plan.due import Row
from study.plan.table import StudyTable
from study.records import FAILURE, Attempt, Status

TAIL = 4096  # bytes at the end of steps.jsonl that hold its last whole line


@dataclass(frozen=True)
class RunNow:
    """A run of the plan; ``attempt`` is what the last process that worked on it wrote, where one does now."""

    row: Row
    status: Status
    samples_done: int = 0
    gpu_hours: float | None = None  # measured, of a run that has ended
    ended: float | None = None  # when, in seconds since 1970
    attempt: Attempt | None = None

    @property
    def share(self) -> float:
        """Of its samples, 0 to 1."""
        return float(self.samples_done / self.row["samples_seen"])


def runs_now(table: StudyTable, ledger: Ledger) -> Iterator[RunNow]:
    """Every run of a study, in the order of its grid."""
    for row in table.rows.iter_rows(named=True):
        if row["run_id"] is None:  # of an estimate
            yield RunNow(row, Status.PLANNED)
        else:
            yield _run(row, table.folder.parent / "runs" / row["run_id"], row["run_id"] in ledger.under_way)


def _run(row: Row, folder: Path, reserved: bool) -> RunNow:
    outcome = folder / "outcome.json"
    if outcome.exists():
        return _ended(row, outcome)
    done = min(max(samples_done(folder), _logged(folder / "steps.jsonl")), row["samples_seen"])
    if reserved or is_locked(folder / ".lock"):
        return RunNow(row, Status.RUNNING, done, attempt=next(iter(attempts(folder)[-1:]), None))
    if (folder / FAILURE).exists():
        return RunNow(row, Status.FAILED, done)
    return RunNow(row, Status.INTERRUPTED if done else Status.PLANNED, done)


def _ended(row: Row, outcome: Path) -> RunNow:
    """Read without checking more than is shown: thousands of outcomes take a moment then."""
    try:
        told = read_json(outcome)
        cost = told.get("cost") or {}
        hours, ended = cost.get("gpu_hours"), outcome.stat().st_mtime
        return RunNow(row, Status(told["status"]), told["samples_seen"], hours, ended)
    except (StorageError, OSError, KeyError, ValueError, AttributeError):
        return RunNow(row, Status.FAILED, ended=0.0)


def _logged(steps: Path) -> int:
    """Samples seen by the last whole line of a run's ``steps.jsonl``; 0 where there is none."""
    try:
        with steps.open("rb") as file:
            file.seek(max(0, steps.stat().st_size - TAIL))
            last = file.read().splitlines()
    except OSError:
        return 0
    for line in reversed(last):
        try:
            told: dict[str, Any] = json.loads(line)
            return int(told["samples_seen"])
        except (ValueError, KeyError, TypeError):
            continue
    return 0
