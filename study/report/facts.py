"""What the page says of the study as a whole: its tiles."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from study.report import words
from study.report.answer import counts
from study.report.study import Study
from study.summary.runs import spent_hours, tuning


class Tile(NamedTuple):
    """A number with its name and a line below."""

    name: str
    value: str
    note: str


def tiles(study: Study) -> list[Tile]:
    """Runs, cost, the headline score and what it is measured on."""
    found = [_runs(study), cost(study)]
    if study.settings.height:
        best = study.settings.row(0, named=True)
        beside = [("chance", best["chance"]), ("largest class", best["majority"])]
        note = ", ".join(f"{name} {words.percent(value)}" for name, value in beside if value is not None)
        found.append(Tile(f"best {words.metric(study.target.metric)}", words.percent(best["score"]), note))
        spread = study.settings.filter(pl.col("n") > 1).height
        note = f"{words.plural(spread, 'setting')} with several seeds"
        found.append(Tile("settings compared", words.count(study.settings.height), note))
    return found


def _runs(study: Study) -> Tile:
    done, planned = study.completed.height, study.runs.height
    note = counts(study.runs) if done < planned else "all completed" if planned else "none planned"
    trials = study.runs.filter(tuning()).height
    note += f"; {trials:,} of them to choose learning rates" if trials else ""
    return Tile("runs completed", f"{done:,} of {planned:,}", note)


def cost(study: Study) -> Tile:
    """What was measured and what was planned, in the hours of the study's devices."""
    unit = words.hours_unit(study.runs)
    measured, planned = _total(study.runs, "gpu_hours"), _total(study.runs, "predicted_gpu_hours")
    spent = study.completed.with_columns(spent_hours().alias("gpu_hours"))
    both = spent.filter(pl.col("gpu_hours").is_not_null(), pl.col("predicted_gpu_hours").is_not_null())
    of_those = _total(both, "gpu_hours"), _total(both, "predicted_gpu_hours")
    notes = [f"{words.number(planned)} predicted for the whole plan"] if planned else ["not predicted"]
    if of_those[0] and of_those[1]:
        share = words.ratio(of_those[0] / of_those[1])
        notes.append(f"{share} times the prediction over {words.plural(both.height, 'run')}")
    return Tile(f"{unit} measured", "none" if measured is None else words.number(measured), "; ".join(notes))


def _total(runs: pl.DataFrame, name: str) -> float | None:
    known = runs[name].drop_nulls()
    return float(known.sum()) if len(known) else None
