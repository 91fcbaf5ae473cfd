"""Measured settings within a budget, best first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from study.lookup import words
from study.lookup.answer import Budget, Option
from study.lookup.cost import Costs, as_fields
from study.lookup.filters import asked
from study.lookup.on_device import OnDevice
from study.lookup.question import Question
from study.lookup.store import Sheet

ROWS = "scores AS t JOIN settings AS s ON s.id = t.setting"
IN_POOL = "s.needs <= :pairs"
SHOWN = (
    "arch", "family", "pretrain_data", "quality", "quality_share", "unique_pairs", "samples_seen", "global_batch_size",
    "train_flops",
)  # fmt: skip


def measured(sheet: Sheet, target: int, question: Question, budget: Budget, costs: Costs) -> Iterator[Option]:
    """The best settings of one study that fit, ``question.top`` at most. Ranks and ties are the caller's to give."""
    where, values = asked(question)
    pool = IN_POOL if question.pairs is not None else "1"
    within, limits = _within(sheet, budget, costs)
    given = {**values, "target": target, "pairs": question.pairs, "budget": budget.value}
    given["device"] = costs.device.name if costs.device else None
    rows = sheet.select(
        f"SELECT * FROM {ROWS} {limits} WHERE t.target = :target AND {where} AND {pool} AND {within} ORDER BY t.place",
        given,
    )
    found = (_option(sheet, row, costs) for row in rows)
    yield from islice((option for option in found if _fits(option, budget)), question.top)


def _within(sheet: Sheet, budget: Budget, costs: Costs) -> tuple[str, str]:
    """What a setting must meet before its hours are looked at, and the table of limits that this asks for."""
    if budget.kind != "gpu_hours" or not isinstance(costs, OnDevice):
        return f"s.{budget.kind} <= :budget", ""
    rows = sheet.select("SELECT s.* FROM configs JOIN settings AS s ON s.id = configs.setting", {})
    sheet.limits((row["config"], costs.limit(row, budget.value)) for row in rows)
    here = "s.device = :device AND s.gpu_hours IS NOT NULL"
    within = f"CASE WHEN {here} THEN s.gpu_hours <= :budget ELSE s.train_flops <= l.flops END"
    return within, "LEFT JOIN limits AS l ON l.config = s.config"


def _fits(option: Option, budget: Budget) -> bool:
    return budget.kind != "gpu_hours" or (option.gpu_hours is not None and option.gpu_hours <= budget.value)


def _option(sheet: Sheet, row: Mapping[str, Any], costs: Costs) -> Option:
    return Option(
        rank=0,
        evidence="measured",
        study=sheet.facts["study"],
        label=words.of_setting(row),
        score=row["score"],
        low=row["low"],
        high=row["high"],
        sd=row["sd"],
        n=row["n"],
        tied=False,
        strategy=row["strategy_label"],
        outside=1.0,
        nearest=None,
        note=row["other_settings"],
        law=None,
        provisional=None,
        caution=None,
        runs=tuple(json.loads(row["run_ids"])),
        **{name: row[name] for name in SHOWN},
        **as_fields(costs.of(row)),
        **costs.memory(row).as_fields(),
    )
