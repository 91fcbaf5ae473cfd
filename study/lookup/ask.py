"""``lookup``: the options of studies within a budget, ranked, and what a score costs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from study.hardware import DEVICES, Device, find
from study.lookup.answer import Answer, Budget
from study.lookup.cost import AsMeasured, Costs
from study.lookup.dwarfed import dwarfed, told
from study.lookup.filters import check
from study.lookup.merged import answer
from study.lookup.on_device import OnDevice
from study.lookup.question import Question
from study.lookup.store import Sheet, open_sheet
from study.lookup.studies import judged_by, score, studies
from study.summary.opened import collected_studies, known_studies


def lookup(
    study: str | Sequence[str] | None,
    budget: Budget | None,
    results: Path = Path("results"),
    dataset: str | None = None,
    metric: str | None = None,
    top: int = 10,
    *,
    target: float | None = None,
    gpu: str | Device | None = None,
    gpus: int | None = None,
    pairs: float | None = None,
    quality: float | str | None = None,
    strategy: str | None = None,
    arch: str | None = None,
    family: str | None = None,
) -> Answer:
    """Rank what is known within ``budget``, and say what ``target`` (a score, 0 to 1) costs.

    ``study`` is one, several, or none for all that were collected, else (or where none has scores on ``dataset``) those
    that the package brings; these too where no data set is said and the budget dwarfs every run that was collected.
    ``gpu`` is the device that hours are on (none: as measured), ``pairs`` the pool at hand, ``quality`` a share of it
    or the name of a filter. Raises UnknownNameError for an unknown study, data set, metric, device, strategy,
    architecture, family or filter, StudyError for a question that contradicts itself, StorageError where nothing was
    collected.
    """
    device = find(gpu, DEVICES) if isinstance(gpu, str) else gpu
    question = Question(budget, target, device, gpus, pairs, quality, strategy, arch, family, top)
    names = [study] if isinstance(study, str) else list(study or ())
    with ExitStack() as opened:
        sheets = _sheets(opened, names, results, dataset)
        larger = [] if names or dataset else _larger(opened, sheets, results, question)
        chosen = larger or sheets
        check(question, chosen)
        found = answer(chosen, question, _costs(question, results), score(chosen, dataset, metric))
        return replace(found, notes=(told(larger, sheets), *found.notes)) if larger else found


def _sheets(opened: ExitStack, names: Sequence[str], results: Path, dataset: str | None) -> list[Sheet]:
    """Of the studies to ask. Where none was named, and no collected one has scores on the data set, any that has."""

    def sheets(of: Sequence[str]) -> list[Sheet]:
        return [opened.enter_context(open_sheet(results, name)) for name in of]

    found = sheets(studies(names, results))
    if names or any(judged_by(sheet, dataset) for sheet in found):
        return found
    return [sheet for sheet in sheets(known_studies(results)) if judged_by(sheet, dataset)] or found


def _larger(opened: ExitStack, found: Sequence[Sheet], results: Path, question: Question) -> list[Sheet]:
    """Of the studies that the package brings, those that know such budgets, where the budget dwarfs all ``found``."""
    if not all(dwarfed(sheet, question) for sheet in found):
        return []
    brought = [name for name in known_studies(results) if name not in collected_studies(results)]
    sheets = [opened.enter_context(open_sheet(results, name)) for name in brought]
    return [sheet for sheet in sheets if not dwarfed(sheet, question)]


def _costs(question: Question, results: Path) -> Costs:
    return OnDevice(question.device, question.world, results) if question.device else AsMeasured()
