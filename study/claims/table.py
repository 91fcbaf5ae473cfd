"""The verdicts as a table, a row a part of a claim, and as plain data for a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import count
from typing import Any

import polars as pl

from study.claims.asked import Asked
from study.claims.check import Checked
from study.claims.found import Part

SCHEMA: dict[str, Any] = {
    "study": pl.String, "title": pl.String, "statement": pl.String, "citation": pl.String, "caveat": pl.String,
    "dataset": pl.String, "metric": pl.String, "verdict": pl.String, "reason": pl.String, "p": pl.Float64,
    "p_holm": pl.Float64, "p_against": pl.Float64, "p_against_holm": pl.Float64, "runs": pl.Int64, "hours": pl.Float64,
    "was_run": pl.String, "needed": pl.List(pl.String), "run_ids": pl.List(pl.String),
    "part": pl.Int64, "label": pl.String, "unit": pl.String,
    "threshold": pl.Float64, "above": pl.Boolean, "pairs": pl.Int64, "effect": pl.Float64, "low": pl.Float64,
    "high": pl.Float64, "standardised": pl.Float64, "part_p": pl.Float64, "part_p_against": pl.Float64,
    "effects": pl.List(pl.Float64), "notes": pl.String,
    "ends": pl.List(pl.Struct({"label": pl.String, "unit": pl.String, "effect": pl.Float64, "low": pl.Float64,
                               "high": pl.Float64, "p": pl.Float64})),
}  # fmt: skip
COUNTED = {"arch": "", "unique_pairs": " pairs", "samples_seen": " samples seen", "global_batch_size": " a batch",
           "image_size": " px"}  # fmt: skip


def table(checked: Sequence[Checked]) -> pl.DataFrame:
    """A row a part, with what the claim says as a whole on each of its rows; ``SCHEMA`` has the columns.

    ``p``, ``p_holm`` and so on are the claim's, ``part_p`` the part's own; a claim without runs is one row.
    ``ends`` are the conditions of a part that has several, with an effect and a p each: ``part_p`` is the largest.
    """
    rows = [_claim(one) | part for one in checked for part in (list(map(_part, one.found.parts, count())) or [{}])]
    return pl.DataFrame(rows, schema=SCHEMA)


def plain(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """A mapping a claim, with its parts."""
    return [
        _claim(one) | {"parts": [asdict(part) for part in one.found.parts], "needed": _needed(one)} for one in checked
    ]


def _needed(one: Checked) -> list[str]:
    return [run.run_id for run in one.found.needed]


def _claim(one: Checked) -> dict[str, Any]:
    asked = one.found.asked
    told = ("study", "title", "statement", "citation", "caveat", "dataset", "metric")
    return {name: getattr(asked, name) for name in told} | {
        "verdict": one.verdict, "reason": one.reason, "p": one.found.p, "p_against": one.found.p_against,
        "p_holm": None if one.found.p is None else one.p_holm, "needed": _needed(one),
        "p_against_holm": None if one.found.p is None else one.p_against_holm, **_was_run(asked),
    }  # fmt: skip


def _was_run(asked: Asked) -> dict[str, Any]:
    """How many runs the arms have, what they took, and what they are, in words."""
    if not asked.tables:
        return {"runs": 0, "hours": None, "was_run": None, "run_ids": []}
    runs = pl.concat(list(asked.tables.values())).unique("run_id")
    words = (f"{_range(runs[name])}{unit}" for name, unit in COUNTED.items())
    ids = runs["run_id"].sort().to_list()
    return {"runs": len(ids), "hours": runs["gpu_hours"].sum(), "was_run": ", ".join(words), "run_ids": ids}


def _range(column: pl.Series) -> str:
    values = column.drop_nulls().unique().sort().to_list()
    shown = [f"{value:,}" if isinstance(value, int) else str(value) for value in values]
    return f"{shown[0]} to {shown[-1]}" if len(shown) > 2 else " and ".join(shown)


def _part(part: Part, number: int) -> dict[str, Any]:
    same = ("label", "unit", "threshold", "above", "pairs", "effect", "low", "high", "standardised")
    return {name: getattr(part, name) for name in same} | {
        "part": number, "part_p": part.p, "part_p_against": part.p_against, "effects": list(part.by_seed.values()),
        "notes": "; ".join(part.notes) or None, "ends": _ends(part),
    }  # fmt: skip


def _ends(part: Part) -> list[dict[str, Any]]:
    """Where a part has several conditions; one alone is the part itself."""
    told = ("label", "effect", "low", "high", "p")
    several = part.conditions if len(part.conditions) > 1 else ()
    return [{name: getattr(one, name) for name in told} | {"unit": part.unit} for one in several]
