"""What a score costs: the least compute at which the laws reach it, and the cheapest settings that did."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence

from study.lookup import words
from study.lookup.answer import Reach
from study.lookup.candidates import Told
from study.lookup.cost import Costs, Hours, Row, a_sample
from study.lookup.filters import asked
from study.lookup.measured import IN_POOL, ROWS
from study.lookup.question import Question
from study.lookup.store import Sheet

BEYOND = 10.0  # how many times outside of its evidence a law is asked
STEPS, NEAR = 60, 1e-4  # of the search, in decades


def reached(laws: Sequence[Told], score: float, costs: Costs) -> list[Reach]:
    """An answer a law: the cheapest first, then those that do not reach the score, the nearest to it first."""
    found = [_reach(law, score, costs) for law in laws]
    order = sorted(
        (one for one in found if one), key=lambda pair: (pair[0].train_flops is None, pair[1], pair[0].label)
    )
    return [reach for reach, _ in order]


def _reach(law: Told, score: float, costs: Costs) -> tuple[Reach, float] | None:
    """With what it is sorted by: its hours, else its FLOPs; the score that is missing where it is not reached."""
    seen = [point["train_flops"] for point in law.points]
    least, most = math.log10(min(seen) / BEYOND), math.log10(max(seen) * BEYOND)
    gaps = [_gap(law, score, which) for which in ("middle", "high", "low")]
    at = [_crossing(gap, least, most) for gap in gaps]
    if at[0] is None:
        best = gaps[0](most)
        return None if math.isnan(best) else (_without(law, _best(best + score, max(seen))), -best)
    flops = 10 ** at[0]
    point = law.nearest(flops)
    if flops > law.most(point):
        return _without(law, _pool(law, point, flops)), flops
    low, high = (None if one is None else 10**one for one in at[1:])
    hours = [costs.at(point, one) if one else None for one in (flops, low, high)]
    inputs = law.inputs(point, flops)
    reach = Reach(
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
        note=_note(flops, high, seen) or None,
        provisional=law.curve.provisional,
        caution=law.curve.caution,
        runs=_runs(law.points),
    )
    return reach, hours[0].value if hours[0] else flops


def _gap(law: Told, score: float, which: str) -> Callable[[float], float]:
    """Log10 FLOPs to how far the law is above the score; not a number where it cannot be asked."""

    def gap(decades: float) -> float:
        flops = 10**decades
        inputs = law.inputs(law.nearest(flops), flops)
        if inputs is None:
            return math.nan
        if which == "middle":
            return 1 - float(law.curve.law.error(law.curve.theta, inputs)) - score
        return float(getattr(law.curve.score(inputs), which)) - score

    return gap


def _crossing(gap: Callable[[float], float], least: float, most: float) -> float | None:
    """Where a rising function first is 0 or more, by the Illinois method; its left end where it always is."""
    left, right = gap(least), gap(most)
    if left >= 0:
        return least
    if not right >= 0:
        return None
    for _ in range(STEPS):
        middle = most - right * (most - least) / (right - left)
        value = gap(middle)
        if value >= 0:
            moved = most - middle
            most, right, left = middle, value, left / 2
        else:
            moved = middle - least
            least, left, right = middle, value, right / 2
        if moved < NEAR or most - least < NEAR:
            break
    return most


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


def _pool(law: Told, point: Row, flops: float) -> str:
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
