"""The learning rate of a run that leaves it to trials: that of the trials which score best."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from pydantic import ValidationError

from study import io
from study.config.spec import read_outcome, read_spec
from study.errors import PlanError, StorageError
from study.optim.adamw import settings
from study.records import Outcome, RunSpec, Scores, Status, Tuning
from study.strategies import STRATEGIES


class Tuned(NamedTuple):
    """The chosen learning rate, and the mean score of each that was tried; none where all its trials failed."""

    lr: float
    tried: dict[float, float | None]


def tuned(tuning: Tuning, runs: Path) -> Tuned:
    """Choose by what the trials in the folder ``runs`` scored; of equal ones the smallest learning rate.

    A trial that did not complete counts against its learning rate. Raises PlanError when a trial has not ended or
    was not scored, and when all failed.
    """
    found: dict[float, list[float | None]] = {}
    for lr, score in (_trial(runs / run_id, tuning) for run_id in tuning.runs):
        found.setdefault(lr, []).append(score)
    tried = {lr: _mean(scores) for lr, scores in sorted(found.items())}
    known = {lr: score for lr, score in tried.items() if score is not None}
    if not known:
        raise PlanError(
            f"none of the trials that choose the learning rate completed: {', '.join(tuning.runs)}; try smaller rates "
            "under tune.lr, or the same trials again: study retry GRID"
        )
    return Tuned(max(known, key=lambda lr: known[lr]), tried)


def _trial(folder: Path, tuning: Tuning) -> tuple[float, float | None]:
    outcome = read_outcome(folder)
    if outcome is None:
        raise PlanError(
            f"the learning rate is chosen by trials, of which {folder.name} has not ended yet; run it first: "
            f"study train {folder.name} --study NAME"
        )
    score = _score(folder, outcome, tuning) if outcome.status is Status.COMPLETED else None
    return _rate(read_spec(folder / "spec.json")), score


def _rate(spec: RunSpec) -> float:
    """Of a trial, which may be the strategy's own."""
    return settings(spec, STRATEGIES.load(spec.strategy.name).optim)["lr"]


def _score(folder: Path, outcome: Outcome, tuning: Tuning) -> float:
    try:
        scores = Scores.model_validate(io.read_json(folder / "scores.json"))
    except (StorageError, ValidationError) as error:
        raise PlanError(f"trial {folder.name} was not scored: {str(error).splitlines()[0]}") from error
    return fmean(_values(scores, outcome, tuning))


def _values(scores: Scores, outcome: Outcome, tuning: Tuning) -> Iterator[float]:
    current = (
        {}
        if scores.outcome_finished != outcome.finished
        else {score.metric: score.value for score in scores.scores if score.dataset == tuning.dataset}
    )
    for metric in tuning.metrics:
        value = current.get(metric)
        if value is None:
            raise PlanError(
                f"trial {outcome.run_id} has no {metric} on {tuning.dataset}; evaluate it: "
                f"study evaluate {outcome.run_id} --study NAME"
            )
        yield value


def _mean(scores: list[float | None]) -> float | None:
    """None when any trial failed: a learning rate that fails with one seed is not to be trusted."""
    known = [score for score in scores if score is not None]
    return fmean(known) if len(known) == len(scores) else None
