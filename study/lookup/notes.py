"""What a reader must know to trust an answer: what was left out, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from study.lookup.answer import Budget
from study.lookup.filters import asked, quality_notes
from study.lookup.measured import ROWS
from study.lookup.on_device import OnDevice
from study.lookup.question import Question
from study.lookup.store import Sheet
from study.lookup.words import short

ONE_SEED = "every setting has one seed: how far seeds differ is not known, so ties cannot be told"


def notes(sheet: Sheet, target: int, question: Question, costs: object) -> Iterator[str]:
    """Of one study."""
    facts, metric = sheet.facts, " on ".join(reversed(sheet.facts["targets"][target][:2]))
    counts = _counts(sheet, target, question)
    if not counts["n"]:
        yield f"no run of what was asked for has a score of {metric}"
    yield from incomplete(facts)
    yield from quality_notes(question, sheet)
    if question.budget is not None:
        yield from _of_budget(question.budget, counts, isinstance(costs, OnDevice))
    elif unknown := counts["n"] - counts["train_flops"]:
        yield f"{unknown} settings are left out, whose train_flops is not known"
    if question.pairs is not None:
        yield from _of_pool(question.pairs, counts)
    if counts["n"] and not counts["with_interval"]:
        yield ONE_SEED
    if not facts["laws"]:
        told = (
            "its laws are out of date, and are not asked; fit them anew"
            if facts["outdated"]
            else "no laws yet; fit them"
        )
        yield f"{told} with: study fit {facts['study']}"


def incomplete(facts: Mapping[str, Any]) -> Iterator[str]:
    """How many of a study's runs may still change its answers; nothing where all completed."""
    if facts["incomplete"]:
        yield f"{facts['incomplete']} of {facts['runs']} runs did not complete: the answer may change"


def _counts(sheet: Sheet, target: int, question: Question) -> dict[str, Any]:
    where, values = asked(question)
    return next(
        sheet.select(
            "SELECT count(*) AS n, count(t.high) AS with_interval, count(s.needs) AS pools, "
            "coalesce(sum(s.needs > :pairs), 0) AS larger, min(s.needs) AS smallest, "
            "count(s.train_flops) AS train_flops, count(s.gpu_hours) AS gpu_hours, "
            "count(s.samples_seen) AS samples_seen, min(s.train_flops) AS least_train_flops, "
            "min(s.gpu_hours) AS least_gpu_hours, min(s.samples_seen) AS least_samples_seen "
            f"FROM {ROWS} WHERE t.target = :target AND {where}",
            {**values, "target": target, "pairs": question.pairs},
        )
    )


def _of_budget(budget: Budget, counts: dict[str, Any], predicted: bool) -> Iterator[str]:
    kind = "train_flops" if predicted and budget.kind == "gpu_hours" else budget.kind
    if unknown := counts["n"] - counts[kind]:
        way_out = "; say --gpu to have hours predicted" if kind == "gpu_hours" else ""
        yield f"{unknown} settings are left out, whose {kind} is not known{way_out}"
    least = counts[f"least_{kind}"]
    if kind == budget.kind and least is not None and least > budget.value:
        yield f"the least that was measured is {least:.3g} {kind}, {least / budget.value:.3g} times the budget"


def _of_pool(pairs: float, counts: dict[str, Any]) -> Iterator[str]:
    if unknown := counts["n"] - counts["pools"]:
        yield f"{unknown} settings are left out, since it is not known how many pairs, before any filter, they saw"
    if counts["larger"]:
        yield f"{counts['larger']} settings are left out, which saw more distinct pairs than the pool of {short(pairs)}"
    if counts["pools"] and counts["larger"] == counts["pools"]:
        least = counts["smallest"]
        times = f"{least / pairs:.3g} times it"
        yield f"no setting knows a pool of {short(pairs)} pairs: the smallest that was used is {short(least)}, {times}"
