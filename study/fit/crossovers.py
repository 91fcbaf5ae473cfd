"""Where one group's law overtakes another's: families, strategies, qualities, pools, all else of the group equal.

Looked for between the least and the most compute that both groups have points at: a law outside its points is no
evidence of who leads. The interval is of the laws, without the noise of a new run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from study.fit.descent import Array
from study.laws.curve import COVERAGE, Curve, between, curve
from study.laws.stored import of_compute
from study.records import CROSSOVERS_COLUMNS, schema

STEPS = 65  # of the range of log compute; between two of them a straight line
APART = "source"  # groups that differ in it were evaluated by others, in another way


def crossovers(laws: pl.DataFrame) -> pl.DataFrame:
    """A row for each score and pair of groups that differ in one column, by the preferred laws of compute."""
    fitted = of_compute(laws).filter(pl.col("draws").is_not_null())
    found = []
    for (study, dataset, metric), part in fitted.group_by("study", "dataset", "metric", maintain_order=True):
        curves = [(row["law"], curve(row)) for row in part.iter_rows(named=True)]
        for (name, one), (other_name, other) in combinations(curves, 2):
            differs = _differs(one, other) if one and other else None
            if one and other and differs:
                common = {"study": study, "dataset": dataset, "metric": metric, "laws": json.dumps([name, other_name])}
                found.append(common | _row(one, other, differs))
    return pl.DataFrame(found, schema=schema(CROSSOVERS_COLUMNS))


def _differs(one: Curve, other: Curve) -> str | None:
    """The one column in which two groups of the same columns differ; none where there is no such."""
    if one.group.keys() != other.group.keys():
        return None
    columns = [name for name, value in one.group.items() if other.group[name] != value]
    return columns[0] if len(columns) == 1 and columns[0] != APART else None


def _row(one: Curve, other: Curve, differs: str) -> dict[str, Any]:
    least, most = max(one.least, other.least), min(one.most, other.most)
    names = [curve.group[differs] or "not stated" for curve in (one, other)]
    doubts = [f"{name}: {curve.provisional}" for name, curve in zip(names, (one, other), strict=True)]
    row = {
        "differs": differs,
        "held_equal": json.dumps({name: value for name, value in one.group.items() if name != differs}),
        "provisional": "; ".join(doubts) if one.provisional or other.provisional else None,
        "seen": False,
    }
    if least >= most:
        return row | {"one": names[0], "other": names[1], "verdict": "the groups have no compute in common"}
    return row | {"x_min": least, "x_max": most} | _told(_crossing(one, other, least, most), names, least, most)


@dataclass(frozen=True)
class Crossing:
    """``first_leads``: at the least compute. ``at``: where the lead changes, infinite where it stays.

    ``draws``: the same by draw, in which the one that leads at the end of the middle curves may lead from the start:
    then minus infinite.
    """

    first_leads: bool
    at: float
    draws: Array


def _crossing(one: Curve, other: Curve, least: float, most: float) -> Crossing:
    compute = np.geomspace(least, most, STEPS)
    (middle,) = _gaps(one, other, [one.theta], [other.theta], compute)
    gaps = _gaps(one, other, one.thetas, other.thetas, compute)
    at = _changes(middle[None], compute, middle[0] < 0)[0]
    return Crossing(bool(middle[0] < 0), float(at), _changes(gaps, compute, middle[0] < 0))


def _gaps(one: Curve, other: Curve, ones: Any, others: Any, compute: Array) -> Array:
    """Log of the one's error over the other's (draws, STEPS)."""
    errors = [
        np.log(law.law.error(list(np.array(thetas).T[:, :, None]), {"train_flops": compute}))
        for law, thetas in ((one, ones), (other, others))
    ]
    return np.asarray(errors[0] - errors[1])


def _changes(gaps: Array, compute: Array, first_leads: bool) -> Array:
    """Where each row's lead goes over from the first to the other, for good: its last change of that kind."""
    behind = gaps > 0 if first_leads else gaps < 0  # the one that led in the middle is behind
    over = behind[:, 1:] & ~behind[:, :-1]
    last = over.shape[1] - 1 - over[:, ::-1].argmax(axis=1)
    rows, logs = np.arange(len(gaps)), np.log(compute)
    before, after = gaps[rows, last], gaps[rows, last + 1]
    share = np.divide(before, before - after, out=np.zeros(len(gaps)), where=before != after)
    at = np.exp(logs[last] + (logs[last + 1] - logs[last]) * np.clip(share, 0, 1))
    never = np.where(behind[:, -1], -np.inf, np.inf)
    return np.where(over.any(axis=1) & behind[:, -1], at, never)


def _told(found: Crossing, names: list[str], least: float, most: float) -> dict[str, Any]:
    """The verdict in words, with the share of draws that agree with it."""
    leader, chaser = names if found.first_leads else names[::-1]
    inside = float(np.isfinite(found.draws).mean())
    row = {"one": leader, "other": chaser}
    if np.isfinite(found.at):
        low, high = between(found.draws.tolist())
        seen = inside >= COVERAGE
        words = (
            f"{chaser} overtakes {leader} at {found.at:.2g} FLOPs ({100 * COVERAGE:.0f} % interval {_ends(low, high)})"
        )
        verdict = words if seen else f"not told: {words}, {inside:.0%} of draws cross"
        ends = {"low": low if np.isfinite(low) else None, "high": high if np.isfinite(high) else None}
        return row | ends | {"crossover": found.at, "seen": seen, "share": inside, "verdict": verdict}
    ahead = float(np.isposinf(found.draws).mean())
    if ahead >= COVERAGE:
        verdict = f"not seen in this range: {leader} leads from {least:.2g} to {most:.2g} FLOPs"
    else:
        verdict = f"not seen in this range: {leader} leads, in only {ahead:.0%} of draws throughout"
    return row | {"share": ahead, "verdict": verdict}


def _ends(low: float, high: float) -> str:
    first = f"{low:.2g}" if np.isfinite(low) else "below the range"
    return f"{first} to {high:.2g}" if np.isfinite(high) else f"{first} to above the range"
