"""How each run of a study stands right now, from the files that runs leave as they go. No torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from study.ledger import Ledger, attempts
from study.plan.due import Row
from study.plan.table import StudyTable
from study.records import Attempt, Status
from study.saved import samples_saved
from study.summary.skipped import columns
from study.summary.state import state

TAIL = 4096  # bytes at the end of steps.jsonl that hold its last whole line


@dataclass(frozen=True)
class RunNow:
    """A run of the plan; ``attempt`` is what the last process that worked on it wrote, where one does now.

    ``samples_done`` is how far it has come, or for a run that nobody works on how far it can be taken up again.
    """

    row: Row
    status: Status
    samples_done: int = 0
    gpu_hours: float | None = None  # measured, of a run that has ended
    ended: float | None = None  # when, in seconds since 1970
    attempt: Attempt | None = None
    skipped: dict[str, Any] = field(default_factory=dict)  # what could not be read: see study.summary.skipped

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


def _run(row: Row, folder: Path, under_way: bool) -> RunNow:
    now = state(folder, under_way)
    if now.ended is not None:
        outcome = now.outcome
        hours = outcome.cost.gpu_hours if outcome and outcome.cost else None
        unread = columns(outcome) if outcome else {}
        return RunNow(row, now.status, outcome.samples_seen if outcome else 0, hours, now.ended, skipped=unread)
    if now.status is not Status.RUNNING:
        return RunNow(row, now.status, samples_saved(folder))
    last = next(iter(attempts(folder)[-1:]), None)
    done = max(samples_saved(folder), _logged(folder / "steps.jsonl"), last.last_sample if last else 0)
    return RunNow(row, now.status, min(done, row["samples_seen"]), attempt=last)


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
