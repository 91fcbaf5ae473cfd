"""A study as it stands: what is spent, reserved and left, how far its runs are, when it should end. No torch."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from study.ledger import Account, Ledger, counted
from study.plan.account import account
from study.plan.due import left as due
from study.plan.outlook import Outlook, left, outlook
from study.plan.progress import RunNow, runs_now
from study.plan.table import StudyTable
from study.records import Status
from study.summary.skipped import by_reason

WAITING = (Status.PLANNED, Status.INTERRUPTED)


def status(results: Path, name: str, now: datetime) -> dict[str, Any]:
    """All of it as plain data; raises StorageError without a plan, or with a damaged ledger."""
    table = StudyTable(results, name)
    book = account(table)
    ledger = book.read()
    runs = list(runs_now(table, ledger))
    refused = _refused(runs, book, ledger, table)
    ahead = outlook(runs, ledger, refused, (table.folder / "plan.parquet").stat().st_mtime)
    ends = None if ahead.hours is None else (now + timedelta(hours=ahead.hours)).isoformat(timespec="seconds")
    return {
        "study": name,
        "title": table.facts.get("title") or name,
        "unit": "CPU-hours" if all(run.row["gpus"] == 0 for run in runs) else "GPU-hours",
        **_counts(runs, refused),
        "skipped": _skipped(runs),
        "left_out": len(table.grid_rows) - len(table.rows),
        "reused": _reused(runs, ledger),
        "spent": ledger.spent(book.price).model_dump(),
        "reserved": ledger.reserved(book.price).model_dump(),
        "limit": table.facts.get("limit"),
        "budget": _budget(book, ledger),
        "left_gpu_hours": ahead.gpu_hours,
        "measured_over_predicted": {"factor": ahead.factor, "runs": ahead.runs},
        "devices_at_work": ahead.devices,
        "left_hours": ahead.hours,
        "ends": ends,
        "under_way": [_under_way(run, ledger, ahead) for run in runs if run.status is Status.RUNNING],
    }


def studies(results: Path) -> list[str]:
    """The names of the studies that are planned here."""
    return sorted(path.parent.name for path in results.glob("*/plan.parquet"))


def _counts(runs: Sequence[RunNow], refused: Sequence[str]) -> dict[str, Any]:
    found = Counter(run.status for run in runs)
    ends = {status.value: found[status] for status in Status if status not in (*WAITING, Status.RUNNING)}
    completed = ends.pop(Status.COMPLETED)
    return {
        "runs": len(runs),
        "completed": completed,
        "running": found[Status.RUNNING],
        "waiting": sum(found[status] for status in WAITING),
        "interrupted": found[Status.INTERRUPTED],
        "kept_waiting": len(refused),
        "failed": {name: count for name, count in ends.items() if count},
    }


def _skipped(runs: Sequence[RunNow]) -> list[dict[str, Any]]:
    """What could not be read, of runs that have ended."""
    return by_reason({**run.row, **run.skipped, "status": run.status} for run in runs if run.skipped).to_dicts()


def _refused(runs: Sequence[RunNow], book: Account, ledger: Ledger, table: StudyTable) -> list[str]:
    """Runs that the limit kept from starting, or from being scored, and still does; and those that wait for one."""
    rows = {run.row["run_id"]: run.row for run in runs if run.status is not Status.RUNNING}
    open_rows = {key: rows[key] for key in ledger.refused if key in rows}
    results = table.folder.parent
    own = {k for k, row in open_rows.items() if book.forbids(ledger, due(row, results, table.evaluation_id))}
    return [key for key, row in rows.items() if key in own or own & set(json.loads(row["needs"] or "[]"))]


def _reused(runs: Sequence[RunNow], ledger: Ledger) -> dict[str, Any]:
    """Completed runs that cost this study nothing, and what they cost when they were made."""
    found = [run for run in runs if run.status is Status.COMPLETED and run.row["run_id"] not in ledger.runs]
    return {"runs": len(found), "gpu_hours": sum(run.gpu_hours or 0.0 for run in found)}


def _budget(book: Account, ledger: Ledger) -> dict[str, dict[str, float]]:
    if book.limit is None:
        return {}
    spent, reserved = (counted(sums, book.limit) for sums in (ledger.spent(book.price), ledger.reserved(book.price)))
    return {
        name: {"cap": cap, "spent": spent[name], "reserved": reserved[name], "left": cap - spent[name] - reserved[name]}
        for name, cap in book.limit.caps.items()
    }


def _under_way(run: RunNow, ledger: Ledger, ahead: Outlook) -> dict[str, Any]:
    row, reserved = run.row, ledger.under_way.get(run.row["run_id"])
    return {
        "run_id": row["run_id"],
        "arch": row["arch"],
        "strategy": row["strategy_label"],
        "seed": row["seed"],
        "samples_done": run.samples_done,
        "samples_seen": row["samples_seen"],
        "since": reserved.since if reserved else None,
        "process": reserved.process if reserved else None,
        "left_hours": left(run, ahead.factor),
    }
