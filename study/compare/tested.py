"""The scores of matched settings against each other: a test a setting, one of all together, Holm over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from study.compare.gap import Gap, by_seed, gap
from study.compare.match import IDENTITY
from study.compare.sides import Side
from study.summary.changes import HIGHER, LOWER
from study.summary.headline import Headline
from study.summary.paired import holm
from study.summary.settings import settings

SCORED = ("score", "sd", "n", "seeds", "values")
TWO = ("values_a", "seeds_a", "values_b", "seeds_b")
SETTINGS: dict[str, Any] = {
    "dataset": pl.String, "metric": pl.String, "setting_a": pl.String, "setting_b": pl.String,
    "same_identity": pl.Boolean, "apart": pl.String, **dict.fromkeys(IDENTITY, pl.String), "unique_pairs": pl.Int64,
    "samples_seen": pl.Int64, "global_batch_size": pl.Int64, "image_size": pl.Int64, "text_length": pl.Int64,
    **{f"{name}_{side}": kind for side in "ab" for name, kind in (
        ("score", pl.Float64), ("sd", pl.Float64), ("n", pl.Int64), ("seeds", pl.List(pl.Int64)),
        ("values", pl.List(pl.Float64)))},
    "method": pl.String, "difference": pl.Float64, "low": pl.Float64, "high": pl.Float64, "p": pl.Float64,
    "p_holm": pl.Float64, "seen_from": pl.Float64, "verdict": pl.String,
}  # fmt: skip
OVERALL: dict[str, Any] = {
    "dataset": pl.String, "metric": pl.String, "settings": pl.Int64, "score_a": pl.Float64, "score_b": pl.Float64,
    "difference": pl.Float64, "low": pl.Float64, "high": pl.Float64, "p": pl.Float64, "p_holm": pl.Float64,
    "seen_from": pl.Float64, "verdict": pl.String, "higher": pl.Int64, "lower": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True)
class Tested:
    """The tables ``settings`` and ``overall`` of study.summary.changes, and how many tests they rest on."""

    settings: pl.DataFrame
    overall: pl.DataFrame
    tests: int


@dataclass(frozen=True)
class _Found:
    """One measure: a row and a gap a setting, and the gap of all settings together."""

    measure: Headline
    rows: list[dict[str, Any]]
    gaps: list[Gap]

    @property
    def together(self) -> Gap | None:
        """The mean over settings, each counted once, whatever its seeds; none without a setting."""
        return by_seed({place: one.mean for place, one in enumerate(self.gaps)}) if self.gaps else None


def tested(a: Side, b: Side, pairs: pl.DataFrame, asked: Sequence[Headline], others: Sequence[Headline]) -> Tested:
    """Test the measures that were asked for; ``others`` get a row in ``overall`` with an interval and no verdict."""
    found = [_found(a, b, pairs, measure) for measure in asked]
    gaps = [one for part in found for one in part.gaps]
    together = [part.together for part in found]
    corrected = holm([one.p if one else None for one in (*gaps, *together)])
    tests = sum(p is not None for p in corrected)
    each, all_of = iter(corrected[: len(gaps)]), iter(corrected[len(gaps) :])
    rows, overall = [], []
    for part in found:
        told = [row | _told(one, next(each), tests) for row, one in zip(part.rows, part.gaps, strict=True)]
        rows += told
        overall += _overall(part, told, next(all_of), tests)
    for measure in others:
        overall += _untested(_found(a, b, pairs, measure))
    return Tested(pl.DataFrame(rows, schema=SETTINGS), pl.DataFrame(overall, schema=OVERALL), tests)


def _found(a: Side, b: Side, pairs: pl.DataFrame, measure: Headline) -> _Found:
    both = pairs
    for side, name in ((a, "a"), (b, "b")):
        mine = settings(side.runs, side.scores, measure).select("setting", *SCORED)
        renamed = mine.rename({column: f"{column}_{name}" for column in mine.columns})
        both = both.join(renamed, on=f"setting_{name}", how="inner", validate="1:1")
    where = {"dataset": measure.dataset, "metric": measure.metric}
    rows = [where | row for row in both.iter_rows(named=True)]
    return _Found(measure, rows, [gap(*(row[name] for name in TWO)) for row in rows])


def _told(one: Gap, corrected: float | None, tests: int) -> dict[str, Any]:
    return {
        "method": one.method, "difference": one.mean, "low": one.low, "high": one.high, "p": one.p,
        "p_holm": corrected, "seen_from": one.seen_from(tests), "verdict": one.verdict(corrected),
    }  # fmt: skip


def _overall(part: _Found, told: Sequence[dict[str, Any]], corrected: float | None, tests: int) -> list[dict[str, Any]]:
    verdicts = [row["verdict"] for row in told]
    counted: dict[str, Any] = {"higher": verdicts.count(HIGHER), "lower": verdicts.count(LOWER)}
    if len(verdicts) == 1:
        counted["verdict"] = None  # one setting is its own row
    return [row | _told(one, corrected, tests) | counted for row, one in _means(part)]


def _untested(part: _Found) -> list[dict[str, Any]]:
    return [row | {"difference": one.mean, "low": one.low, "high": one.high} for row, one in _means(part)]


def _means(part: _Found) -> list[tuple[dict[str, Any], Gap]]:
    """The row of a measure without its test, and its gap; nothing without a setting."""
    if part.together is None:
        return []
    scores = pl.DataFrame(part.rows, schema={"score_a": pl.Float64, "score_b": pl.Float64}).mean().row(0, named=True)
    where = {"dataset": part.measure.dataset, "metric": part.measure.metric, "settings": len(part.gaps)}
    return [(where | scores, part.together)]
