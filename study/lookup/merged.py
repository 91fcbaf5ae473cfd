"""One answer of several studies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from study.lookup.answer import Answer, Option, Reach
from study.lookup.apart import told_apart
from study.lookup.cheapest import cheapest
from study.lookup.cost import Costs
from study.lookup.measured import measured as settings_within
from study.lookup.notes import notes
from study.lookup.outside import left_out, no_share, rest_unknown
from study.lookup.predicted import candidates, option
from study.lookup.question import Question
from study.lookup.reach import reached as laws_reach
from study.lookup.store import Sheet
from study.lookup.studies import no_score
from study.lookup.told import Told, told
from study.summary.headline import Headline

Asked = tuple[Sheet, int]  # a study, and the number of the score on its sheet


def answer(sheets: Sequence[Sheet], question: Question, costs: Costs, head: Headline) -> Answer:
    """What all studies that have scores on ``head`` say together."""
    places = [(sheet, sheet.target(head.dataset, head.metric)) for sheet in sheets]
    asked = [(sheet, place) for sheet, place in places if place is not None]
    every = told_apart([law for sheet, place in asked for law in told(sheet, place, question)])
    laws = [law for law in every if law.in_pool]
    measured, (predicted, limits) = _measured(asked, question, costs), _predicted(laws, question, costs)
    reached = _reached(asked, laws, question, costs)
    chances = [sheet.facts["targets"][place][2] for sheet, place in asked]
    return Answer(
        studies=tuple(sheet.facts["study"] for sheet, _ in asked or places),
        dataset=head.dataset,
        metric=head.metric,
        budget=question.budget,
        target=question.target,
        gpu=question.device.name if question.device else None,
        gpus=question.world or None,
        pairs=round(question.pairs) if question.pairs else None,
        chance=next((chance for chance in chances if chance is not None), None),
        measured=tuple(measured),
        predicted=tuple(predicted),
        reached=tuple(reached),
        notes=(
            *_notes(asked, question, costs),
            *no_share(len(every) - len(laws)),
            *limits,
            *_without(places, head.dataset),
            *_memory([*measured, *predicted, *reached], question),
        ),
    )


def _measured(asked: Sequence[Asked], question: Question, costs: Costs) -> list[Option]:
    """Of all studies; a setting that several of them have is told once, with the most seeds."""
    if question.budget is None:
        return []
    best: dict[tuple[str, ...], Option] = {}
    for sheet, place in asked:
        for one in settings_within(sheet, place, question, question.budget, costs):
            known = best.get(one.runs)
            best[one.runs] = one if known is None or one.n > known.n else known
    ordered = sorted(best.values(), key=lambda one: -one.score)
    return _ranked(ordered[: question.top])


def _predicted(laws: Sequence[Told], question: Question, costs: Costs) -> tuple[list[Option], list[str]]:
    """Of all laws; and notes on those that are left out, and on those that the pool ends."""
    budget = question.budget
    if budget is None:
        return [], []
    found, beyond = candidates(laws, budget, costs)
    shown = found[: question.top]
    limits = [*left_out(beyond), *rest_unknown(sum(one.pool_ends for one in shown))]
    return _ranked([option(one, budget, costs) for one in shown]), limits


def _ranked(ordered: Sequence[Option]) -> list[Option]:
    """With ranks; tied with the first are those whose interval reaches that of the first."""
    least = ordered[0].low if ordered else None
    return [
        replace(one, rank=rank, tied=rank > 1 and None not in (one.high, least) and (one.high or 0) >= (least or 0))
        for rank, one in enumerate(ordered, 1)
    ]


def _reached(asked: Sequence[Asked], laws: Sequence[Told], question: Question, costs: Costs) -> list[Reach]:
    """The cheapest measured setting that reaches the target, then the laws."""
    if question.target is None:
        return []
    every = [
        *cheapest(asked, question, question.target, costs),
        *laws_reach(laws, question.target, costs, question.top),
    ]
    return [replace(one, rank=rank) for rank, one in enumerate(every[: question.top], 1)]


def _notes(asked: Sequence[Asked], question: Question, costs: Costs) -> Iterator[str]:
    for sheet, place in asked:
        prefix = f"{sheet.facts['study']}: " if len(asked) > 1 else ""
        yield from (prefix + note for note in notes(sheet, place, question, costs))


def _memory(options: Sequence[Option | Reach], question: Question) -> Iterator[str]:
    if options and all(one.memory_gib is None for one in options):
        where = f" on {question.world or ''} {question.device.name}".replace("  ", " ") if question.device else ""
        yield f"memory is not known: no run of these options states it{where}"


def _without(places: Sequence[tuple[Sheet, int | None]], dataset: str) -> Iterator[str]:
    for sheet, place in places:
        facts, own = sheet.facts, " on ".join(reversed(sheet.facts["headline"]))
        if not facts["targets"]:
            yield no_score(facts)
        elif place is None:
            yield f"{facts['study']} is left out: it has no such score on {dataset}; it is judged by {own}"
