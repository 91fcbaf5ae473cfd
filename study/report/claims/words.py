"""Effects of claims in words: differences in points, ratios as they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import polars as pl

from study.report import words
from study.summary.verdicts import FAILS, HOLDS, NOT_RUN, UNKNOWN, VERDICTS


class Kind(NamedTuple):
    """Parts of one unit: the figure's and table's name and title, the axis, and how an effect reads."""

    unit: str
    name: str
    title: str
    axis: str


POINTS = Kind("points", "scores", "Differences of scores", "difference of scores, points")
RATIO = Kind("ratio", "costs", "Ratios of costs", "ratio")
KINDS = (POINTS, RATIO)


def effect(unit: str, value: float | None) -> str:
    """``+1.4 points`` or ``0.52``."""
    if value is None:
        return words.MISSING
    return f"{words.points(value)} points" if unit == POINTS.unit else words.ratio(value)


def interval(row: dict[str, Any]) -> str:
    """An effect with its interval, where it has one."""
    told = effect(row["unit"], row["effect"])
    if row["low"] is None or row["low"] == row["high"]:
        return told
    ends = (words.points(row[end]) if row["unit"] == POINTS.unit else words.ratio(row[end]) for end in ("low", "high"))
    return f"{told} ({' to '.join(ends)})"


def each_end(row: dict[str, Any]) -> str:
    """Of a part that must hold at several ends, the effects to which p-values belong; of another nothing."""
    ends = row.get("ends") or ()
    return ", and ".join(f"{end['label']}: {interval(end)}, p = {words.number(end['p'])}" for end in ends)


def told(row: dict[str, Any]) -> str:
    """The effect of a part with its interval, and that of each end where it has several."""
    ends = each_end(row)
    return f"{interval(row)} in sum ({ends})" if ends else interval(row)


def asked(row: dict[str, Any]) -> str:
    """What the effect should be."""
    return f"{'above' if row['above'] else 'below'} {effect(row['unit'], row['threshold'])}"


def summary(claims: pl.DataFrame) -> str:
    """How many findings have which verdict: a sentence. ``claims`` has a row a claim."""
    counts = {verdict: claims.filter(pl.col("verdict") == verdict).height for verdict in VERDICTS}
    told = [
        f"{counts[HOLDS]} hold" + ("s" if counts[HOLDS] == 1 else ""),
        f"{counts[FAILS]} do" + ("es" if counts[FAILS] == 1 else "") + " not hold at this scale",
        f"for {counts[UNKNOWN]} there is not enough evidence",
    ]
    if counts[NOT_RUN]:
        told.append(f"{counts[NOT_RUN]} {'is' if counts[NOT_RUN] == 1 else 'are'} not run")
    return f"Of {words.plural(claims.height, 'finding')}, {', '.join(told[:-1])}, and {told[-1]}."
