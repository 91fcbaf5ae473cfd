"""What a planned run still has to take, from its row and from how far it has come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from study.ledger import Amounts, Due, samples_done

Row = dict[str, Any]


def due(row: Row, results: Path) -> Due:
    """The predicted cost of what is left of a run; a run of an estimate has no id and has not begun."""
    done = samples_done(results / "runs" / row["run_id"]) if row["run_id"] else 0
    hours = wall_hours(row)
    an_hour = Amounts(
        gpu_hours=max(row["gpus"], 1),
        device_hours=devices(row),
        kwh=(row["predicted_kwh"] or 0.0) / hours,
        dollars=None if row["predicted_dollars"] is None else row["predicted_dollars"] / hours,
    )
    return Due(an_hour=an_hour, hours=hours * max(0.0, 1 - done / row["samples_seen"]))


def devices(row: Row) -> int:
    """GPUs that a run holds; on a CPU cores."""
    return int(row["gpus"] or row["threads"])


def wall_hours(row: Row) -> float:
    """Predicted hours of a run's process from start to end."""
    return float(row["predicted_gpu_hours"] / max(row["gpus"], 1))


def price(row: Row) -> float | None:
    """Dollars an hour of one device; none without the user's price."""
    if row["predicted_dollars"] is None:
        return None
    return float(row["predicted_dollars"] / (wall_hours(row) * devices(row)))
