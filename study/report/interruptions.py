"""What interruptions of runs cost: one sentence of a study."""

from __future__ import annotations

import polars as pl

from study.report import words


def interruptions(runs: pl.DataFrame) -> str:
    """How many runs were interrupted how often, and what was made twice; empty where none was.

    What is not known of some of them is at least as much as is known of the others.
    """
    interrupted = runs.filter(pl.col("attempts") > 1)
    if interrupted.is_empty():
        return ""
    times = int(interrupted["attempts"].sum()) - interrupted.height
    told = f"{_were(interrupted.height)} interrupted {words.plural(times, 'time')}"
    steps, hours = interrupted["lost_steps"], interrupted["lost_gpu_hours"]
    if not steps.count():
        return f"{told}."
    least = "at least " if steps.null_count() else ""
    lost = f"{told} and lost {least}{words.plural(int(steps.sum()), 'step')}"
    if not hours.count():
        return f"{lost}."
    least = "at least " if hours.null_count() else ""
    return f"{lost}, {least}{words.number(float(hours.sum()))} {words.hours_unit(runs)}."


def _were(number: int) -> str:
    return f"{words.plural(number, 'run')} {'was' if number == 1 else 'were'}"
