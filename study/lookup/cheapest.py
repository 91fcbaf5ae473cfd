"""The cheapest measured settings that reach a score."""

from __future__ import annotations

import json
from collections.abc import Iterator

from study.lookup import words
from study.lookup.answer import Reach
from study.lookup.cost import Costs, Row, as_fields
from study.lookup.filters import asked
from study.lookup.measured import IN_POOL, ROWS
from study.lookup.question import Question
from study.lookup.store import Sheet


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
        yield _reach(sheet, row, costs)


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
