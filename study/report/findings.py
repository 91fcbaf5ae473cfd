"""What moves the score: more data, better data, more compute; each finding with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

import polars as pl

from study.laws.curve import Curve, between, curve
from study.laws.law import COMPUTE
from study.laws.stored import of_compute
from study.report import words
from study.report.answer import ties
from study.report.crossovers import said
from study.report.laws import group
from study.report.ranking import ranking
from study.report.score_over_data import points as data_points
from study.report.study import Study
from study.report.trust import INSIDE, against, use
from study.summary.settings import pooled_half_width

TIMES = 10.0  # the compute that a law's sentence speaks of


def findings(study: Study) -> Iterator[str]:
    """Sentences in the order in which a reader asks."""
    yield from ties(study)
    yield from ranking(study)
    if study.settings.height:
        yield from _data(study)
        yield from said(study)
        yield from _law(study)


def _data(study: Study) -> Iterator[str]:
    table = data_points(study).filter(pl.col("metric") == study.target.metric)
    noise = pooled_half_width(study.settings)
    for (quality,), part in table.sort("unique_pairs").group_by("quality", maintain_order=True):
        least, most = part.row(0, named=True), part.row(-1, named=True)
        if most["unique_pairs"] > least["unique_pairs"]:
            times = most["unique_pairs"] / least["unique_pairs"]
            what = f"{times:.2g} times as many {quality or ''} pairs".replace("  ", " ")
            yield f"{_equal(least)}, {what} {_change(least, most, noise)}."
    shared = table.sort("quality_share", descending=True).group_by("unique_pairs", maintain_order=True)
    for (pairs,), part in sorted((found for found in shared if found[1].height > 1), key=lambda found: found[0]):
        plain, chosen = part.row(0, named=True), part.row(-1, named=True)
        if plain["quality"] == chosen["quality"]:
            continue
        what = f"{words.value('unique_pairs', pairs)} pairs from the {chosen['quality']} instead of {plain['quality']}"
        yield f"{_equal(plain)}, {what} {_change(plain, chosen, noise)}."


def _equal(row: dict[str, Any]) -> str:
    return f"With {row['arch']}, {row['strategy_label']} and {words.count(row['samples_seen'])} samples seen"


def _change(before: dict[str, Any], after: dict[str, Any], noise: float | None) -> str:
    line = f"the score from {words.percent(before['score'])} to {words.percent(after['score'])}"
    same = before["n"] == after["n"]
    seeds = f"{words.plural(before['n'], 'seed')} each" if same else f"{before['n']} and {after['n']} seeds"
    if noise is None:
        return f"take {line} ({seeds}, so the spread is not known)"
    gap, reach = after["score"] - before["score"], noise * float(1 / before["n"] + 1 / after["n"]) ** 0.5
    beyond = abs(gap) > reach
    verb = "take" if not beyond else "raise" if gap > 0 else "lower"
    low, high = words.points(gap - reach), words.points(gap + reach)
    told = f"{words.points(gap)} points, 90 % interval {low} to {high}, {seeds}"
    return f"{verb} {line}, {'more' if beyond else 'no more'} than seeds differ ({told})"


def _law(study: Study) -> Iterator[str]:
    """What ten times the compute does, by the law to rely on most among those that span it."""
    target = (pl.col("dataset") == study.target.dataset) & (pl.col("metric") == study.target.metric)
    rows = of_compute(study.laws).filter(target, pl.col("draws").is_not_null()).rows(named=True)
    fitted = [(law, row) for row in rows if (law := curve(row)) and law.most >= TIMES * law.least]
    if fitted:
        yield _slope(study, *min(fitted, key=lambda one: _reliance(study, *one)))
    elif rows:
        yield "No law rests on runs over ten times the compute, so none is spoken of here: see Laws."


def _reliance(study: Study, law: Curve, row: dict[str, Any]) -> tuple[Any, ...]:
    """The least is to be spoken of first: the best setting's own, one that holds beyond its points, one of many."""
    best = study.settings.row(0, named=True)
    own = all(best[name] == value for name, value in law.group.items())
    return not own, use(row, study.runs) == INSIDE, -row["n_points"], -len(law.group)


def _slope(study: Study, law: Curve, row: dict[str, Any]) -> str:
    left, low, high = _left(law)
    ends = " to ".join(map(words.power_of_ten, (law.most / TIMES, law.most)))
    name = group(law.group, study)
    of = "all runs" if name == "all" else name
    rest = f"{words.plural(row['n_points'], 'setting')}, {words.plural(row['n_runs'], 'run')}"
    return (
        f"Ten times the training compute, from {ends} FLOPs, leaves {words.percent(left, 0)} of the error "
        f"({words.interval(low, high, 0)}), by the law of {of} ({rest}). It may be asked {use(row, study.runs)}; "
        f"against it: {against(row)}."
    )


def _left(law: Curve) -> tuple[float, float, float]:
    """The share of the error that the last ``TIMES`` of the law's compute leave: middle, low, high.

    The last, since a law that ends at a floor falls more slowly the further it goes.
    """
    here, there = {COMPUTE: law.most / TIMES}, {COMPUTE: law.most}
    middle, *draws = (_ratio(law.law.at(theta, there), law.law.at(theta, here)) for theta in (law.theta, *law.thetas))
    return middle, *between(draws)


def _ratio(there: float, here: float) -> float:
    """Errors of a draw; 1, nothing gained, where that tells none: of few noisy points it may be 0 or beyond all."""
    return there / here if 0 < here < inf else 1.0
