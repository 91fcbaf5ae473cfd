"""What moves the score: more data, better data, more compute; each finding with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from study.laws.curve import Curve, between, curve
from study.laws.stored import of_compute
from study.report import words
from study.report.answer import ties
from study.report.ranking import ranking
from study.report.score_over_data import points as data_points
from study.report.study import Study
from study.summary.settings import pooled_half_width

POOL = ("source", "pretrain_data")


def findings(study: Study) -> Iterator[str]:
    """Sentences in the order in which a reader asks."""
    yield from ties(study)
    yield from ranking(study)
    if study.settings.height:
        yield from _data(study)
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
    verb = "raise" if after["score"] > before["score"] else "lower"
    line = f"{verb} the score from {words.percent(before['score'])} to {words.percent(after['score'])}"
    same = before["n"] == after["n"]
    seeds = f"{words.plural(before['n'], 'seed')} each" if same else f"{before['n']} and {after['n']} seeds"
    if noise is None:
        return f"{line} ({seeds}, so the spread is not known)"
    reach = noise * float(1 / before["n"] + 1 / after["n"]) ** 0.5
    beyond = abs(after["score"] - before["score"]) > reach
    return f"{line}, {'more' if beyond else 'no more'} than seeds differ ({seeds})"


def _law(study: Study) -> Iterator[str]:
    """What ten times the compute does, by the narrowest law that the best setting is part of."""
    target = (pl.col("dataset") == study.target.dataset) & (pl.col("metric") == study.target.metric)
    best = study.settings.row(0, named=True)
    curves = (curve(row) for row in of_compute(study.laws).filter(target).iter_rows(named=True))
    fitted = [law for law in curves if law and all(best[name] == value for name, value in law.group.items())]
    for law in sorted(fitted, key=lambda law: -len(law.group))[:1]:
        left, low, high = (words.percent(share, 0) for share in _left(law, 10))
        group = " · ".join(value for name, value in law.group.items() if value and name not in POOL)
        doubt = f" Provisional: {law.provisional}." if law.provisional else ""
        yield (
            f"Ten times the training compute leaves {left} of the error "
            f"(90 % interval {low} to {high}), by the law of {group or 'all'}.{doubt}"
        )


def _left(law: Curve, times: float) -> tuple[float, float, float]:
    """The share of the error that is left at ``times`` the least compute of the law: middle, low, high."""
    here, there = {"train_flops": law.least}, {"train_flops": times * law.least}
    middle, *draws = (law.law.error(theta, there) / law.law.error(theta, here) for theta in (law.theta, *law.thetas))
    return middle, *between(draws)
