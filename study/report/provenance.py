"""Where a study's numbers come from: enough to make them again, and to cite those who made them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import polars as pl

from study.hardware import Site
from study.report import budget, words
from study.report.cost_table import ENERGY_BY
from study.report.shown import Shown
from study.report.study import Study
from study.summary.provenance import versions
from study.summary.runs import studied, tuning


def provenance(study: Study, figures: Iterable[Shown] = ()) -> list[tuple[str, str]]:
    """Names and values: study, grid, code, evaluation, data, machines, seeds, dates, commands; what is known.

    Of ``figures`` those that could not be drawn are told, with what they need.
    """
    missing = [f"{shown.title} (needs {shown.needs})" for shown in figures if not shown.drawing]
    return [(name, value) for name, value in (*_facts(study), ("Not drawn", "; ".join(missing))) if value]


def _facts(study: Study) -> Iterator[tuple[str, str]]:
    runs = study.runs
    yield "Study", study.name
    yield "Grid", _grid(study)
    yield "Made again by", _commands(study)
    yield "Planned", _span([str(study.facts.get("planned") or "")])
    yield from budget.provenance(study)
    yield "Judged by", f"{words.metric(study.target.metric)} ({study.target.metric}) on {study.target.dataset}"
    yield "Evaluated on", _listed(study.scores["dataset"])
    yield "Data", _listed(runs["source"])
    yield "Pools", "; ".join(_pools(study))
    yield "Citations", _listed(runs["citation"])
    yield "Machines", "; ".join(_machines(study.completed))
    yield "Energy", _energy(study)
    yield "Seeds", _seeds(runs)
    yield "Finished", _span(study.completed["finished"].drop_nulls())
    yield "Code", _code(study)
    yield "Packages", ", ".join(f"{name} {' and '.join(kinds)}" for name, kinds in versions(runs).items())


def _listed(values: pl.Series) -> str:
    return "; ".join(values.drop_nulls().unique().sort())


def _stamp(study: Study, name: str) -> str:
    return str((study.facts.get("stamp") or {}).get(name) or "")


def _grid(study: Study) -> str:
    """The file, and the first digits of its SHA-256 when the plan was made."""
    grid, digest = str(study.facts.get("grid") or ""), _stamp(study, "grid")
    return f"{grid} (SHA-256 {digest}…)" if grid and digest else grid


def _commands(study: Study) -> str:
    """What makes the runs and the page; of results that others made, the page alone."""
    grid = study.facts.get("grid")
    report = f"study report {study.name}"
    return f"snakemake --cores all --config grid={grid}; the page alone: {report}" if grid else report


def _code(study: Study) -> str:
    """The program that planned: its version and a digest of its source."""
    program = _stamp(study, "program").split(" ")
    return f"version {program[0]}, source {program[-1]}, when it was planned" if len(program) > 1 else ""


def _span(times: Iterable[str]) -> str:
    """From the first to the last of some times; one where they are the same minute."""
    known = sorted(filter(None, times))
    return " to ".join(dict.fromkeys(_minute(time) for time in (known[:1] + known[-1:])))


def _minute(time: str) -> str:
    """An ISO time to the minute; a table from elsewhere may hold another text, which is told as it is."""
    try:
        return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M %Z}".strip()
    except ValueError:
        return time


def _seeds(runs: pl.DataFrame) -> str:
    """Those of the study's runs, and of the trials that chose learning rates."""
    own = studied(runs)["seed"].drop_nulls().unique().sort().to_list()
    trials = runs.filter(tuning())["seed"].drop_nulls().unique().sort().to_list()
    told = [_numbers(own)] if own else []
    return "; ".join([*told, f"{_numbers(trials)} in trials of learning rates"] if trials else told)


def _numbers(seeds: Sequence[int]) -> str:
    """0 to 4 where none is left out between, else one by one."""
    whole = len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1
    return f"{seeds[0]} to {seeds[-1]}" if whole else ", ".join(map(str, seeds))


def _pools(study: Study) -> Iterator[str]:
    """How many pairs each pool has, and why rows of the data are none of them; plans of earlier versions do not say."""
    for pool in study.facts.get("pools", []):
        reasons = sorted(pool["left_out"].items(), key=lambda one: (-one[1], one[0]))
        without = ", ".join(f"{number:,} {reason}" for reason, number in reasons)
        told = f"{pool['source']}, {words.plural(pool['pairs'], 'pair')}"
        yield f"{told} (left out: {without})" if without else told


def _machines(runs: pl.DataFrame) -> Iterator[str]:
    """Each device once, with how many of it, and how many threads, a run had."""
    same = ("gpu", "precision")
    kinds = runs.drop_nulls("gpu").group_by(*same).agg(pl.col("n_gpus", "threads").drop_nulls().unique().sort())
    for gpu, precision, numbers, threads in kinds.sort(*same, nulls_last=True).iter_rows():
        several = [f"{_ends(numbers)} a run"] if numbers and numbers[-1] > 1 else []
        shared = [f"{_ends(threads)} thread{'s' if threads[-1] > 1 else ''}"] if threads else []
        yield ", ".join([gpu, *several, *shared, *([precision] if precision else [])])


def _ends(numbers: Sequence[int]) -> str:
    return " to ".join(dict.fromkeys(f"{number:,}" for number in (numbers[0], numbers[-1])))


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
