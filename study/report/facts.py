"""What the page says of the study as a whole: tiles at the top, provenance at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from study.hardware import Site
from study.report import budget, words
from study.report.answer import counts
from study.report.cost_table import ENERGY_BY
from study.report.study import Study
from study.summary.provenance import versions
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


def provenance(study: Study) -> list[tuple[str, str]]:
    """Where the numbers come from: grid, evaluation, machine, versions, seeds, dates."""
    return [(name, value) for name, value in _provenance(study) if value]


def _provenance(study: Study) -> Iterator[tuple[str, str]]:
    runs = study.runs
    yield "Study", study.name
    yield "Grid", str(study.facts.get("grid") or "")
    yield "Planned", str(study.facts.get("planned") or "")
    yield from budget.provenance(study)
    yield "Judged by", f"{words.metric(study.target.metric)} ({study.target.metric}) on {study.target.dataset}"
    yield "Evaluated on", ", ".join(study.scores["dataset"].unique().sort())
    yield "Data", ", ".join(runs["source"].drop_nulls().unique().sort())
    yield "Citations", ", ".join(runs["citation"].drop_nulls().unique().sort())
    yield "Machine", "; ".join(_machines(study.completed))
    yield "Energy", _energy(study)
    yield "Seeds", ", ".join(map(str, runs["seed"].drop_nulls().unique().sort()))
    yield (
        "Finished",
        " to ".join(
            sorted({*study.completed["finished"].sort().drop_nulls().to_list()[:: max(1, study.completed.height - 1)]})
        ),
    )
    yield "Versions", ", ".join(_versions(runs))


def _energy(study: Study) -> str:
    """Of all runs whose energy is known, failed ones too; with CO2 where the user says what a kWh emits."""
    known, site = study.runs.drop_nulls(["energy_kwh", "energy_source"]), Site.of(study.facts)
    if known.is_empty():
        return ""
    kwh = float(known["energy_kwh"].sum())
    by = " and ".join(ENERGY_BY[source] for source in known["energy_source"].unique().sort())
    told = f"{words.number(kwh)} kWh over {words.plural(known.height, 'run')} (by {by})"
    kg = site.co2_kg(kwh)
    if kg is None:
        return told
    building = f" × PUE {site.pue:g}" if site.pue else ""
    return f"{told}; {words.number(kg)} kg CO2 at {site.co2_grams_per_kwh:g} g/kWh{building}"


def _machines(runs: pl.DataFrame) -> Iterator[str]:
    kinds = runs.select("gpu", "n_gpus", "threads", "precision").drop_nulls("gpu").unique().sort("gpu", "threads")
    for gpu, number, threads, precision in kinds.iter_rows():
        parts = [f"{number} × {gpu}" if number and number > 1 else gpu]
        parts += [words.plural(threads, "thread")] if threads else []
        yield ", ".join([*parts, precision] if precision else parts)


def _versions(runs: pl.DataFrame) -> list[str]:
    """Each package with its version, or versions where runs differ."""
    return [f"{name} {' and '.join(kinds)}" for name, kinds in versions(runs).items()]
