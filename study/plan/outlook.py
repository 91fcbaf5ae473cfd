"""When a study should end: its predictions, put right by what has been measured since they were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from study.ledger import Ledger
from study.plan.due import devices, training_hours, wall_hours
from study.plan.progress import RunNow
from study.plan.schedule import Job, finish
from study.records import Status

SURE = 0.1  # share of a run from which on its pace says more than its start-up


class Outlook(NamedTuple):
    """``factor`` is measured over predicted time of ``runs`` runs; ``hours`` is none while nothing runs."""

    factor: float
    runs: int
    gpu_hours: float  # device-hours that are left
    hours: float | None
    devices: int  # at work now


def outlook(runs: Sequence[RunNow], ledger: Ledger, kept_waiting: Sequence[str], predicted_at: float) -> Outlook:
    """The outlook of a study whose predictions were made at ``predicted_at``, in seconds since 1970.

    ``kept_waiting`` are ids of runs that the limit keeps from starting: they are not waited for.
    """
    pairs = list(_measured(runs, ledger, predicted_at))
    factor = sum(took for took, _ in pairs) / sum(due for _, due in pairs) if pairs else 1.0
    running = [run for run in runs if run.status is Status.RUNNING]
    waiting = [run for run in runs if _is_left(run) and run.row["run_id"] not in kept_waiting]
    hours = {run.row["run_id"]: left(run, factor) for run in (*running, *waiting)}
    jobs = [Job(run.row["run_id"], hours[run.row["run_id"]], devices(run.row)) for run in waiting]
    busy = [hours[run.row["run_id"]] for run in running for _ in range(devices(run.row))]
    return Outlook(
        factor=factor,
        runs=len(pairs),
        gpu_hours=sum(hours[run.row["run_id"]] * max(run.row["gpus"], 1) for run in (*running, *waiting)),
        hours=finish(jobs, len(busy), busy) if busy else None,
        devices=len(busy),
    )


def left(run: RunNow, factor: float) -> float:
    """Hours that a run's process is still to take."""
    return (wall_hours(run.row) - training_hours(run.row) * run.share) * factor


def _is_left(run: RunNow) -> bool:
    """Whether it has not ended: a failed run without an outcome is tried again."""
    return run.status is not Status.RUNNING and run.ended is None


def _measured(runs: Sequence[RunNow], ledger: Ledger, predicted_at: float) -> Iterator[tuple[float, float]]:
    """Hours taken and predicted: of runs that completed since they were predicted, of those well under way."""
    for run in runs:
        entry = ledger.runs.get(run.row["run_id"])
        if run.status is Status.COMPLETED and entry is not None and (run.ended or 0.0) > predicted_at:
            yield entry.spent.gpu_hours / max(run.row["gpus"], 1), wall_hours(run.row)
        elif run.attempt is not None:
            share = (run.attempt.last_sample - run.attempt.first_sample) / run.row["samples_seen"]
            if share >= SURE:
                yield run.attempt.wall_hours, wall_hours(run.row) * share
