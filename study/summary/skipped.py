"""What could not be read of the data of a study's runs, by reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from study.records import Outcome  # loads pydantic, which reports do without

COLUMNS = ("samples_skipped", "skipped_reasons", "skipped_unit")  # of the table of runs
NOT_KNOWN = "not known: collected before reasons were kept"
_FOUND = {
    "reason": pl.String, "unit": pl.String, "status": pl.String, "number": pl.Int64, "of": pl.Int64,
}  # fmt: skip


def columns(outcome: Outcome) -> dict[str, Any]:
    """``COLUMNS`` of a run that has ended; null where it ended before its data were read."""
    reasons = outcome.samples_skipped
    if reasons is None or (not reasons and outcome.cost is None):  # the first files say none of both
        return dict.fromkeys(COLUMNS)
    values = sum(reasons.values()), json.dumps(reasons, sort_keys=True), outcome.skipped_unit
    return dict(zip(COLUMNS, values, strict=True))


def skipped(runs: pl.DataFrame) -> pl.DataFrame:
    """``by_reason`` of a table of runs."""
    some = runs.select("status", "samples_seen", "unique_pairs", *COLUMNS).filter(pl.col("samples_skipped") > 0)
    return by_reason(some.iter_rows(named=True))


def by_reason(runs: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """A row a reason, ``unit`` (pairs or samples) and status of runs, most runs first; none where all was read.

    ``number`` is the sum over ``runs`` runs, ``most`` what one of them has. ``share`` is of their pairs, or of the
    samples that they saw, which is null where a run did not complete: as planned it would have seen more.
    """
    found = pl.DataFrame([row for run in runs for row in _rows(run)], schema=_FOUND, orient="row")
    share = pl.when(pl.col("of").null_count() == 0).then(pl.col("number").sum() / pl.col("of").sum())
    return (
        found.group_by("reason", "unit", "status")
        .agg(pl.len().alias("runs"), share.alias("share"), pl.col("number").max().alias("most"), pl.col("number").sum())
        .sort(["runs", "number", "reason", "unit", "status"], descending=[True, True, False, False, False])
    )


def _rows(run: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    if not run["samples_skipped"]:
        return
    reasons = json.loads(run["skipped_reasons"]) if run["skipped_reasons"] else {NOT_KNOWN: run["samples_skipped"]}
    unit, status = run["skipped_unit"] or "pairs", run["status"]
    seen = run["samples_seen"] if status == "completed" else None
    for reason, number in reasons.items():
        yield reason, unit, status, number, run["unique_pairs"] if unit == "pairs" else seen


def said(found: Iterable[dict[str, Any]]) -> str:
    """The rows of ``by_reason`` in a line, such as ``unreadable image (4 samples in 1 run)``; empty without any."""
    together: dict[tuple[str, str], dict[str, Any]] = {}
    for row in found:  # however the runs ended
        one = together.setdefault((row["reason"], row["unit"]), {**row, "runs": 0, "number": 0, "most": 0})
        one |= {name: one[name] + row[name] for name in ("runs", "number")}
        one["most"] = max(one["most"], row["most"])
    told = (f"{row['reason']} ({_number(row)} in {_plural(row['runs'], 'run')})" for row in together.values())
    return ", ".join(told)


def _number(row: dict[str, Any]) -> str:
    """Runs on the same pairs miss the same ones, so that their sum says nothing."""
    if row["unit"] == "samples":
        return _plural(row["number"], "sample")
    return f"{'up to ' if row['runs'] > 1 else ''}{_plural(row['most'], 'pair')}"


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
