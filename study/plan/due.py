"""What a planned run still has to take, from its row and from what its folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from study.ledger import Amounts, Due
from study.records import Status
from study.saved import is_trained, samples_saved
from study.summary.state import state

Row = dict[str, Any]


class Place(NamedTuple):
    """What a run takes of the machine: its processes, one a GPU, and the CPU threads of each."""

    processes: int
    threads: int

    @staticmethod
    def planned(row: Row) -> Place:
        """As the plan has it."""
        return Place(max(row["gpus"], 1), row["threads"])


def left(row: Row, results: Path, evaluation_id: str) -> Due:
    """The predicted cost of what is left of a run of a study, until its scores are there.

    A run of an estimate has no id and has not begun.
    """
    place = Place.planned(row)
    if row["run_id"] is None:
        return training(row, place, 0)
    run = results / "runs" / row["run_id"]
    if not ((run / "outcome.json").exists() or is_trained(run)):
        return training(row, place, samples_saved(run))
    scored = (run / "evaluations" / f"{evaluation_id}.json").exists()
    if scored or not (is_trained(run) or state(run).status is Status.COMPLETED):
        return nothing(row, place)
    return scoring(row, place)


def training(row: Row, place: Place, samples: int) -> Due:
    """To train a run from so many samples on, and to score it in the same process."""
    shared = devices(row) / _taken(row, place)  # fewer threads take longer
    steps = training_hours(row) * shared * (1 - samples / row["samples_seen"])
    return Due(an_hour=_an_hour(row, place), hours=_overhead_hours(row) + steps)


def scoring(row: Row, place: Place) -> Due:
    """To score a trained run in a process of its own."""
    return Due(an_hour=_an_hour(row, place), hours=_overhead_hours(row))


def nothing(row: Row, place: Place) -> Due:
    """For a run that may end, whatever is spent."""
    return Due(an_hour=_an_hour(row, place), hours=0)


def training_hours(row: Row) -> float:
    """Predicted hours of a run's steps, with its checkpoints, in its process."""
    return wall_hours(row) - _overhead_hours(row)


def _overhead_hours(row: Row) -> float:
    """Of start-up and scoring, which a process takes however much is left to train."""
    beside = (row["predicted_start_up_hours"] or 0.0) + (row["predicted_evaluation_hours"] or 0.0)
    return min(float(beside), wall_hours(row))  # a run that has ended keeps the hours of an earlier prediction


def _an_hour(row: Row, place: Place) -> Amounts:
    """At the power and the price of a device in the plan."""
    taken, planned = _taken(row, place), wall_hours(row) * devices(row)
    return Amounts(
        gpu_hours=place.processes,
        device_hours=taken,
        kwh=(row["predicted_kwh"] or 0.0) / planned * taken,
        dollars=None if row["predicted_dollars"] is None else row["predicted_dollars"] / planned * taken,
    )


def _taken(row: Row, place: Place) -> int:
    return place.processes if row["gpus"] else place.processes * place.threads


def devices(row: Row) -> int:
    """GPUs that a run holds as planned; on a CPU threads."""
    return _taken(row, Place.planned(row))


def wall_hours(row: Row) -> float:
    """Predicted hours of a run's process from start to end."""
    return float(row["predicted_gpu_hours"] / max(row["gpus"], 1))


def price(row: Row) -> float | None:
    """Dollars an hour of one device; none without the user's price."""
    if row["predicted_dollars"] is None:
        return None
    return float(row["predicted_dollars"] / (wall_hours(row) * devices(row)))
