"""The tables of laws: those that were fitted, with what they may be asked and what they rest on; groups without one."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from study.laws.law import COMPUTE
from study.report import words
from study.report.study import Study
from study.report.table import Column, Table, table
from study.report.trust import INSIDE, against, tried, unidentified, use

POOL = ("source", "pretrain_data")
FITTED: tuple[Column, ...] = (
    ("group", "runs of", words.text),
    ("use", "may be asked", words.text),
    ("against", "what speaks against it", words.text),
    ("tried", "off where held out, median", words.text),
    ("coefficients", "coefficients, 90 % interval", words.text),
    ("n_points", "settings", words.count),
    ("n_runs", "runs", words.count),
    ("range", "FLOPs", words.text),
    ("law", "law, points", words.text),
    ("left_out", "runs left out", words.text),
)
NONE: tuple[Column, ...] = (
    ("group", "runs of", words.text),
    ("provisional", "why", words.text),
    ("n_points", "settings", words.count),
    ("n_runs", "runs", words.count),
    ("range", "FLOPs", words.text),
    ("left_out", "runs left out", words.text),
)


def laws(study: Study) -> Table:
    """The fitted laws of the headline metric, those that may be asked beyond their points first."""
    fitted = _of_target(study).filter(pl.col("draws").is_not_null())
    rows = [_law(row, study) for row in fitted.iter_rows(named=True)]
    rows.sort(key=lambda row: (not row["preferred"], row["use"] == INSIDE, -row["n_points"]))
    note = (
        "Error = 1 − score. Beyond its points a law is trusted as far as it was tried: fitted to runs of less compute "
        "and asked for those of more. Not where that went no better than extending the last two points, where the "
        "points do not tell its coefficients, or where they are few. Provisional: runs failed or have one seed."
    )
    return table("laws", "Laws", note, FITTED, _frame(rows, FITTED))


def no_law(study: Study) -> Table:
    """Groups of runs without a law, with the reason."""
    without = _of_target(study).filter(pl.col("draws").is_null())
    rows = [_points(row, study) | {"provisional": _reason(row)} for row in without.iter_rows(named=True)]
    return table("no_law", "Groups without a law", "", NONE, _frame(rows, NONE))


def _of_target(study: Study) -> pl.DataFrame:
    return study.laws.filter(
        (pl.col("dataset") == study.target.dataset) & (pl.col("metric") == study.target.metric),
    )


def _frame(rows: list[dict[str, Any]], columns: tuple[Column, ...]) -> pl.DataFrame:
    kinds = {name: pl.Int64 if read is words.count else pl.String for name, _, read in columns}
    return pl.DataFrame([{name: row[name] for name in kinds} for row in rows], schema=kinds)


def _law(row: dict[str, Any], study: Study) -> dict[str, Any]:
    return _points(row, study) | {
        "use": use(row, study.runs),
        "against": against(row),
        "tried": tried(row),
        "coefficients": "; ".join(_coefficients(row)),
        "law": f"{row['law'].replace('_', ' ')}, {row['selection'].replace('_', ' ')}",
        "preferred": row["preferred"],
    }


def _points(row: dict[str, Any], study: Study) -> dict[str, Any]:
    return {
        "group": group(json.loads(row["group"]), study),
        "n_points": row["n_points"],
        "n_runs": row["n_runs"],
        "range": _range(json.loads(row["ranges"] or "{}")),
        "left_out": _reasons(json.loads(row["points_left_out"])),
    }


def _reason(row: Mapping[str, Any]) -> str:
    """Why there is no law, with columns called as the page calls them."""
    reason = str(row["provisional"]).removeprefix("no law: ")
    return re.sub(r"[a-z]+(_[a-z]+)+", lambda found: words.column(found[0]), reason)


def _range(ranges: Mapping[str, tuple[float | None, float | None]]) -> str | None:
    least, most = (words.power_of_ten(end) for end in ranges.get(COMPUTE, (None, None)))
    return None if least == words.MISSING else least if least == most else f"{least} to {most}"


def group(values: Mapping[str, str | None], study: Study) -> str:
    """The values that a group's runs share, each once: a pool is often called as its source."""
    unsaid = {name for name in POOL if study.runs[name].n_unique() == 1}
    said = dict.fromkeys(value for name, value in values.items() if value is not None and name not in unsaid)
    return " · ".join(said) or "all"


def _coefficients(row: dict[str, Any]) -> Iterator[str]:
    intervals, loose = json.loads(row["intervals"]), set(unidentified(row))
    for name, value in json.loads(row["coefficients"]).items():
        low, high = intervals[name]
        doubt = ", not identified" if name in loose else ""
        yield f"{name} {words.short(value)} ({words.short(low)} to {words.short(high)}{doubt})"


def _reasons(left_out: dict[str, str]) -> str:
    """How many runs were left out for each kind of reason."""
    counted = Counter(why.split(":")[0].replace("_", " ") for why in left_out.values())
    return "; ".join(f"{number} {why}" for why, number in counted.most_common()) or "none"
