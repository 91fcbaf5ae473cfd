"""What the two studies were made with: program, packages, machines, grid, and the settings of their runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from study.compare.match import IDENTITY
from study.compare.sides import Side
from study.summary.headline import evaluated_sets
from study.summary.provenance import versions

SHOWN = 6  # values of a column
MACHINE = ("gpu", "n_gpus", "threads", "precision")


def provenance(a: Side, b: Side) -> pl.DataFrame:
    """A row a fact that either states: ``kind``, ``fact``, ``a``, ``b`` and whether it ``differs``.

    ``kind`` is one of program, package, machine, grid, evaluation, runs (what identifies their settings), time. When
    runs were made differs always, so ``differs`` is null there.
    """
    ours, theirs = dict(_facts(a)), dict(_facts(b))
    rows = [
        (kind, fact, ours.get((kind, fact)), theirs.get((kind, fact))) for kind, fact in dict.fromkeys((*ours, *theirs))
    ]
    table = pl.DataFrame(rows, schema=dict.fromkeys(("kind", "fact", "a", "b"), pl.String), orient="row")
    known = table.filter(pl.any_horizontal(pl.col("a", "b").is_not_null()))
    return known.with_columns(
        pl.when(pl.col("kind") != "time").then(pl.col("a").ne_missing(pl.col("b"))).alias("differs")
    )


def _facts(side: Side) -> Iterator[tuple[tuple[str, str], str | None]]:
    facts, runs = side.opened.facts(), side.runs
    stamp, evaluation = facts.get("stamp") or {}, facts.get("evaluation") or {}
    yield ("program", "program"), stamp.get("program")
    for name, kinds in versions(runs).items():
        yield ("package", name), " and ".join(kinds)
    for column in (*MACHINE, "energy_source"):
        yield ("machine", column), _values(runs.filter(pl.col("status") == "completed")[column])
    yield ("machine", "planned for"), _text(facts.get("hardware"))
    yield ("grid", "grid"), facts.get("grid")
    yield ("grid", "its text"), stamp.get("grid")
    yield ("grid", "limit"), _text(facts.get("limit"))
    yield ("evaluation", "evaluated on"), _joined(evaluated_sets(side.opened.tables))
    yield ("evaluation", "evaluation"), evaluation.get("evaluation_id")
    yield ("evaluation", "images"), _values(side.scores["n"])
    for column in ("source", "citation", *IDENTITY, "seed", "tuned"):
        yield ("runs", column), _values(runs[column])
    yield ("time", "planned"), facts.get("planned")
    yield ("time", "finished"), _joined(dict.fromkeys([runs["finished"].min(), runs["finished"].max()]), " to ")


def _values(column: pl.Series) -> str | None:
    values = column.drop_nulls().unique().sort().to_list()
    shown = _joined(f"{value:g}" if isinstance(value, float) else value for value in values[:SHOWN])
    return f"{shown}, … ({len(values)} in all)" if len(values) > SHOWN else shown


def _joined(values: Iterable[Any], between: str = ", ") -> str | None:
    return between.join(str(value) for value in values if value is not None) or None


def _text(value: Any) -> str | None:
    return json.dumps(value, sort_keys=True) if value else None
