"""A plan in sums: how its runs stand, what it will take in all, and lines that group its seeds. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study.hardware import BUILT_IN, Site
from study.ledger import Account
from study.plan.table import StudyTable
from study.records import Status
from study.summary.state import State, state

Row = dict[str, Any]
# What the lines of the printed table differ in, and what is put into ranges, in this order, when they get too many.
_SETTINGS = ("arch", "strategy_label", "purpose", "source", "image_size", "text_length", "global_batch_size", "lr")
_DATA = ("unique_pairs", "quality_share")
_BUDGET = ("samples_seen",)
_GROUPINGS = ((*_SETTINGS, *_DATA, *_BUDGET), (*_SETTINGS, *_BUDGET), _SETTINGS)
MOST_LINES = 40


def totals(results: Path, study: str, rows: Sequence[Row], site: Site = BUILT_IN) -> dict[str, Any]:
    """Sums over all runs: FLOPs, predicted device-hours, energy and dollars with their ranges; how the runs stand.

    Dollars are none without a price, CO2 without the user's grams a kWh.
    """
    found = _states(results, study, rows)
    left = [row for row, now in zip(rows, found, strict=True) if now.ended is None]
    return {
        "runs": len(rows),
        **_standing(found),
        "shared": len(_ids_of_others(results, study) & {row["run_id"] for row in rows}),
        "train_flops": sum(row["train_flops"] for row in rows),
        **{name: _sum(rows, name) for name in SUMMED},
        "left_gpu_hours": sum(row["predicted_gpu_hours"] for row in left),
        "predicted_co2_kg": site.co2_kg(sum(row["predicted_kwh"] for row in rows)),
        "predicted_memory_gib": max((row["predicted_memory_gib"] for row in rows), default=0.0),
    }


SUMMED = [f"predicted_{what}{end}" for what in ("gpu_hours", "kwh", "dollars") for end in ("", "_low", "_high")]


def _sum(rows: Sequence[Row], name: str) -> float | None:
    """The sum of a column, none where a row has no value."""
    values = [row[name] for row in rows]
    return None if None in values else sum(values)


def _states(results: Path, study: str, rows: Sequence[Row]) -> list[State]:
    """How each run stands; those of an estimate have no id and no folder."""
    under_way = Account(results, study).read().under_way
    return [
        state(results / "runs" / row["run_id"], row["run_id"] in under_way) if row["run_id"] else State(Status.PLANNED)
        for row in rows
    ]


def _standing(found: Sequence[State]) -> dict[str, int]:
    """How many runs are completed, ended otherwise, or left: without an outcome they are tried again."""
    completed = sum(now.status is Status.COMPLETED for now in found)
    ended = sum(now.ended is not None for now in found)
    return {"completed": completed, "failed": ended - completed, "left": len(found) - ended}


def _ids_of_others(results: Path, study: str) -> set[str]:
    names = [path.parent.name for path in results.glob("*/plan.json") if path.parent.name != study]
    return {run_id for name in names for run_id in StudyTable(results, name).facts.get("run_ids", [])}


def lines(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows in groups, one a line, in the order of the grid: repeats with other seeds are always together.

    Trials of several learning rates are a line, too.

    Runs on other data, and then with other budgets, share a line when there would be more than MOST_LINES.
    """
    for names in _GROUPINGS:
        grouped: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            grouped.setdefault(tuple(_told(row, name) for name in names), []).append(row)
        if len(grouped) <= MOST_LINES:
            break
    return list(grouped.values())


def _told(row: Row, name: str) -> Any:
    return None if name == "lr" and row["purpose"] == "tuning" else row[name]
