"""The cheapest measured setting that reaches a score."""

from __future__ import annotations

import json
from collections.abc import Sequence

from study.lookup import words
from study.lookup.answer import Reach
from study.lookup.cost import Costs, Row, as_fields
from study.lookup.filters import asked
from study.lookup.measured import IN_POOL, ROWS
from study.lookup.question import Question
from study.lookup.store import Sheet

HERE = "(:device IS NULL OR s.device = :device) AND s.gpu_hours IS NOT NULL"
# Hours are predicted of the least FLOPs of each configuration alone: more of them take longer
LEAST = f"""row_number() OVER (
    PARTITION BY {HERE}, s.config, s.unique_pairs
    ORDER BY CASE WHEN {HERE} THEN s.gpu_hours ELSE s.train_flops END, s.train_flops, t.place
)"""


def cheapest(studies: Sequence[tuple[Sheet, int]], question: Question, score: float, costs: Costs) -> tuple[Reach, ...]:
    """The setting of all studies, each with its target, whose mean is at least the score and that took least.

    By hours where these are asked, else by FLOPs; none where no setting is known to reach it.
    """
    found = [(sheet, row) for sheet, target in studies for row in _candidates(sheet, target, question, score, costs)]
    least = min(found, key=lambda one: _taken(one[1], question, costs), default=None)
    return () if least is None else (_reach(*least, costs),)


def _candidates(sheet: Sheet, target: int, question: Question, score: float, costs: Costs) -> list[Row]:
    """One of which is the cheapest of its study, the least FLOPs first."""
    where, values = asked(question)
    pool = IN_POOL if question.pairs is not None else "1"
    given = {**values, "target": target, "score": score, "pairs": question.pairs}
    given["device"] = costs.device.name if costs.device else None
    nth = LEAST if question.in_hours else "row_number() OVER (ORDER BY s.train_flops, t.place)"
    rows = sheet.select(
        f"SELECT * FROM (SELECT *, {nth} AS nth FROM {ROWS} WHERE t.target = :target AND t.score >= :score "
        f"AND {where} AND {pool} AND s.train_flops IS NOT NULL) WHERE nth = 1 ORDER BY train_flops, place",
        given,
    )
    return list(rows)


def _taken(row: Row, question: Question, costs: Costs) -> tuple[bool, float]:
    hours = costs.of(row) if question.in_hours else None
    return question.in_hours and hours is None, hours.value if hours else row["train_flops"]


def _reach(sheet: Sheet, row: Row, costs: Costs) -> Reach:
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
        outside=1.0,
        nearest=None,
        note=f"measured: {100 * row['score']:.1f} %",
        provisional=None,
        caution=None,
        runs=tuple(json.loads(row["run_ids"])),
        **as_fields(costs.of(row)),
        **costs.memory(row).as_fields(),
    )
