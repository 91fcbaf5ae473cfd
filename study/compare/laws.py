"""Laws of the same group in both studies: their coefficients, and the error they tell at the same compute."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from study.laws.curve import Curve, Interval, between, curve
from study.laws.law import COMPUTE, Law, Theta
from study.summary.headline import Headline

SAME = ("law", "selection", "dataset", "metric", "x")
UNSAID = "source"  # in results of others it names who published them
LAWS: dict[str, Any] = {
    **dict.fromkeys(("law", "selection", "dataset", "metric", "group"), pl.String), "coefficient": pl.String,
    "a": pl.Float64, "low_a": pl.Float64, "high_a": pl.Float64,
    "b": pl.Float64, "low_b": pl.Float64, "high_b": pl.Float64, "train_flops": pl.Float64, "apart": pl.Boolean,
}  # fmt: skip
ERROR = "error"  # in the place of a coefficient's name


def laws(a: pl.DataFrame | None, b: pl.DataFrame | None, measures: Sequence[Headline]) -> pl.DataFrame:
    """A row a coefficient of each law that both have, and one for the error at the most compute with points in both.

    Intervals (90 %) are of the law, without the noise of a new run; ``apart``: they do not meet. No rows without laws.
    """
    if a is None or b is None:
        return pl.DataFrame(schema=LAWS)
    theirs = dict(_fitted(b, measures))
    rows = [row for key, law in _fitted(a, measures) if key in theirs for row in _rows(key, law, theirs[key])]
    return pl.DataFrame(rows, schema=LAWS)


def _fitted(laws: pl.DataFrame, measures: Sequence[Headline]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    asked = [(measure.dataset, measure.metric) for measure in measures]
    for row in laws.filter(pl.col("draws").is_not_null()).iter_rows(named=True):
        if (row["dataset"], row["metric"]) in asked:
            group = {name: value for name, value in json.loads(row["group"]).items() if name != UNSAID}
            yield (*(row[name] for name in SAME), json.dumps(group, sort_keys=True)), row


def _rows(key: tuple[str, ...], ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    named = dict(zip((*SAME, "group"), key, strict=True))
    named.pop("x")
    for name in json.loads(ours["coefficients"]):
        yield named | {"coefficient": name} | _against(*(_coefficient(row, name) for row in (ours, theirs)))
    first, second = curve(ours), curve(theirs)
    if first and second and first.law.inputs == (COMPUTE,):
        most = min(first.most, second.most)
        if most >= max(first.least, second.least):
            told = _against(_error(first, most), _error(second, most))
            yield named | {"coefficient": ERROR, "train_flops": most} | told


def _coefficient(row: dict[str, Any], name: str) -> Interval:
    return Interval(json.loads(row["coefficients"])[name], *json.loads(row["intervals"])[name])


def _error(law: Curve, compute: float) -> Interval:
    middle, *draws = (_drawn(law.law, theta, compute) for theta in (law.theta, *law.thetas))
    return Interval(middle, *between(draws))


def _drawn(law: Law, theta: Theta, compute: float) -> float:
    try:
        return float(law.error(theta, {COMPUTE: compute}))
    except OverflowError:  # a wild draw of a law of three noisy points
        return math.inf


def _against(ours: Interval, theirs: Interval) -> dict[str, Any]:
    return {
        "a": ours.middle, "low_a": ours.low, "high_a": ours.high, "b": theirs.middle, "low_b": theirs.low,
        "high_b": theirs.high, "apart": ours.high < theirs.low or theirs.high < ours.low,
    }  # fmt: skip
