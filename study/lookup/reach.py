"""What a score costs: the least compute at which the laws reach it, and the cheapest settings that did."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from study.lookup import words
from study.lookup.answer import Reach
from study.lookup.candidates import Told
from study.lookup.cost import Costs, Hours, Row, a_sample
from study.lookup.filters import asked
from study.lookup.measured import IN_POOL, ROWS
from study.lookup.question import Question
from study.lookup.store import Sheet

BEYOND = 10.0  # how many times outside of its evidence a law is asked
NOTHING = 1e-12  # an error that is none
STEPS, NEAR = 60, 1e-3  # of the search; in decades, so a fourth of a percent


class Middle(NamedTuple):
    """Where the middle of a law reaches the score, or why it does not; ``order`` is what that costs, or is short of."""

    law: Told
    decades: float | None
    why_not: str
    order: float


def reached(laws: Sequence[Told], score: float, costs: Costs, top: int) -> list[Reach]:
    """The first ``top`` answers, one a law: the cheapest first, then those that do not reach the score."""
    middles = [one for law in laws if (one := _middle(law, score, costs))]
    order = sorted(middles, key=lambda one: (one.decades is None, one.order, one.law.label))
    return [_reach(one, score, costs) for one in order[:top]]


def _ends(law: Told) -> tuple[float, float]:
    """Where a law is asked at all, in log10 FLOPs."""
    seen = [point["train_flops"] for point in law.points]
    return math.log10(min(seen) / BEYOND), math.log10(max(seen) * BEYOND)


def _middle(law: Told, score: float, costs: Costs) -> Middle | None:
    gap, (least, most) = _gap(law, score, "middle"), _ends(law)
    at = _crossing(gap, least, most)
    if at is None:
        best = gap(most)
        told = _best(1 - (1 - score) / math.exp(best), 10**most / BEYOND)
        return None if math.isnan(best) else Middle(law, None, told, -best)
    flops = 10**at
    point = law.nearest(flops)
    hours = costs.at(point, flops)
    order = hours.value if hours else flops
    return Middle(law, None, _pool(point, flops), order) if flops > law.most(point) else Middle(law, at, "", order)


def _reach(found: Middle, score: float, costs: Costs) -> Reach:
    law, at = found.law, found.decades
    if at is None:
        return _without(law, found.why_not)
    least, most = _ends(law)
    bounds = (_crossing(_gap(law, score, "low"), least, at), _crossing(_gap(law, score, "high"), at, most))
    flops, low, high = 10**at, *(None if one is None else 10**one for one in bounds)
    point = law.nearest(flops)
    hours = [costs.at(point, one) if one else None for one in (flops, low, high)]
    inputs = law.inputs(point, flops)
    return Reach(
        rank=0,
        evidence="law",
        study=law.study,
        label=law.label,
        n=law.row["n_runs"],
        train_flops=flops,
        low=low,
        high=high,
        samples_seen=round(flops / a_sample(point)),
        gpu_hours=hours[0].value if hours[0] else None,
        gpu_hours_low=hours[1].low if hours[1] else None,
        gpu_hours_high=hours[2].high if hours[2] else None,
        outside=law.curve.outside(inputs) if inputs else 1.0,
        nearest=words.of_nearest(point),
        note=_note(flops, high, [point["train_flops"] for point in law.points]) or None,
        provisional=law.curve.provisional,
        caution=law.curve.caution,
        runs=_runs(law.points),
    )


def _gap(law: Told, score: float, which: str) -> Callable[[float], float]:
    """Log10 FLOPs to how far the law is above the score, on log error, on which laws are nearly straight.

    Not a number where the law cannot be asked.
    """

    def gap(decades: float) -> float:
        flops = 10**decades
        inputs = law.inputs(law.nearest(flops), flops)
        if inputs is None:
            return math.nan
        if which == "middle":
            return math.log((1 - score) / max(float(law.curve.law.error(law.curve.theta, inputs)), NOTHING))
        return math.log((1 - score) / max(getattr(law.curve.error(inputs), which), NOTHING))

    return gap


def _crossing(gap: Callable[[float], float], least: float, most: float) -> float | None:
    """Where a rising function first is 0 or more, by the Illinois method; its left end where it always is."""
    left, right = gap(least), gap(most)
    if left >= 0:
        return least
    if not right >= 0:
        return None
    at, side = most, 0
    for _ in range(STEPS):
        before, at = at, most - right * (most - least) / (right - left)
        if abs(at - before) < NEAR:
            break
        value = gap(at)
        if value >= 0:
            most, right, left = at, value, left / 2 if side > 0 else left
        else:
            least, left, right = at, value, right / 2 if side < 0 else right
        side = 1 if value >= 0 else -1
    return at


def _note(flops: float, high: float | None, seen: Sequence[float]) -> str:
    least, most = min(seen), max(seen)
    parts = [
        f"outside the evidence: {flops / most:.3g} times above {most:.3g} FLOPs" if flops > most else "",
        f"less than the least of its runs, {least:.3g} FLOPs" if flops < least else "",
        "" if high else f"one run in twenty may need more than {BEYOND:g} times the most of its runs",
    ]
    return "; ".join(filter(None, parts))


def _best(best: float, most: float) -> str:
    return f"not reached within {BEYOND:g} times its evidence, which ends at {most:.3g} FLOPs: {100 * best:.1f} % there"


def _pool(point: Row, flops: float) -> str:
    samples = words.short(flops / a_sample(point))
    return f"not reached with this pool: {flops:.3g} FLOPs like {words.of_nearest(point)} are {samples} distinct pairs"


def _without(law: Told, note: str) -> Reach:
    return Reach(
        rank=0, evidence="law", study=law.study, label=law.label, n=law.row["n_runs"], train_flops=None, low=None,
        high=None, samples_seen=None, gpu_hours=None, gpu_hours_low=None, gpu_hours_high=None, outside=BEYOND,
        nearest=None, note=note, provisional=law.curve.provisional, caution=law.curve.caution, runs=_runs(law.points),
    )  # fmt: skip


def _runs(points: Sequence[Row]) -> tuple[str, ...]:
    return tuple(run for row in points for run in json.loads(row["run_ids"]))


def cheapest(sheet: Sheet, target: int, question: Question, score: float, costs: Costs) -> Iterator[Reach]:
    """The settings of one study whose mean is at least the score, the least FLOPs first."""
    where, values = asked(question)
    pool = IN_POOL if question.pairs is not None else "1"
    rows = sheet.select(
        f"SELECT * FROM {ROWS} WHERE t.target = :target AND t.score >= :score AND {where} AND {pool} "
        "AND s.train_flops IS NOT NULL ORDER BY s.train_flops, t.place LIMIT :top",
        {**values, "target": target, "score": score, "pairs": question.pairs, "top": question.top},
    )
    for row in rows:
        yield _measured(sheet, row, costs.of(row))


def _measured(sheet: Sheet, row: Row, hours: Hours | None) -> Reach:
    return Reach(
        rank=0,
        evidence="measured",
        study=sheet.facts["study"],
        label=words.of_setting(row),
        n=row["n"],
        train_flops=row["train_flops"],
        low=None,
        high=None,
        samples_seen=row["samples_seen"],
        gpu_hours=hours.value if hours else None,
        gpu_hours_low=hours.low if hours else None,
        gpu_hours_high=hours.high if hours else None,
        outside=1.0,
        nearest=None,
        note=f"measured: {100 * row['score']:.1f} %",
        provisional=None,
        caution=None,
        runs=tuple(json.loads(row["run_ids"])),
    )
