"""Which scores a run has, which are missing, and how new ones join them. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from study import io
from study.config.spec import read_outcome
from study.errors import StorageError
from study.evaluate.asked import Asked, Evaluation
from study.records import Frozen, Outcome, Score, Scores


class SetScores(Frozen):
    """What came of one data set: the scores of the metrics that are defined on it, and what went wrong.

    ``metrics`` are those that were answered, with or without a score; ``settings`` say how.
    """

    dataset: str
    metrics: tuple[str, ...]
    scores: tuple[Score, ...]
    error: str | None
    settings: dict[str, Any]


def ended(run: Path) -> Outcome:
    """The run's outcome; raises StorageError when it has none yet or a damaged one."""
    outcome = read_outcome(run)
    if outcome is None:
        raise StorageError(f"{run} has no outcome.json; train the run first: study train {run}/spec.json")
    return outcome


def read_scores(run: Path, outcome: Outcome) -> Scores:
    """The run's scores; none where they are damaged or belong to an earlier outcome."""
    empty = Scores(run_id=outcome.run_id, outcome_finished=outcome.finished, scores=[])
    try:
        scores = Scores.model_validate(io.read_json(run / "scores.json"))
    except (StorageError, ValidationError):
        return empty
    return scores if scores.outcome_finished == outcome.finished else empty


def missing(scores: Scores, asked: Sequence[Asked]) -> list[Asked]:
    """What is still to be computed, each data set with the metrics it lacks; errors are tried again."""
    left = []
    for item in asked:
        answered = scores.settings.get(item.name, {}).get("metrics", [])
        metrics = tuple(name for name in item.metrics if name not in answered)
        if metrics:
            left.append(replace(item, metrics=metrics))
    return left


def merged(scores: Scores, new: SetScores) -> Scores:
    """The scores with those of one data set added; a number that was there is replaced by its new value."""
    replaced = {(score.dataset, score.metric) for score in new.scores}
    kept = [score for score in scores.scores if (score.dataset, score.metric) not in replaced]
    errors = {name: reason for name, reason in scores.errors.items() if name != new.dataset}
    before = scores.settings.get(new.dataset, {}).get("metrics", [])
    settings = {**new.settings, "metrics": sorted({*before, *new.metrics}), "metrics_timed": sorted(new.metrics)}
    return Scores(
        run_id=scores.run_id,
        outcome_finished=scores.outcome_finished,
        scores=sorted([*kept, *new.scores], key=lambda score: (score.dataset, score.metric)),
        errors={**errors, new.dataset: new.error} if new.error else errors,
        settings={**scores.settings, new.dataset: settings},
    )


def write_scores(run: Path, scores: Scores) -> None:
    """Write ``scores.json``."""
    io.write_json(run / "scores.json", scores.model_dump(mode="json"))


def write_done(run: Path, evaluation: Evaluation, outcome: Outcome, scores: Scores) -> None:
    """Write ``evaluations/EVALUATION_ID.json``: this study's evaluation of the run is done."""
    names = [item.name for item in evaluation.asked()]
    content = {
        "evaluation_id": evaluation.evaluation_id,
        "run_id": outcome.run_id,
        "outcome_finished": outcome.finished,
        "status": outcome.status,
        "scored": sorted({score.dataset for score in scores.scores} & set(names)),
        "errors": {name: scores.errors[name] for name in names if name in scores.errors},
    }
    io.write_json(run / "evaluations" / f"{evaluation.evaluation_id}.json", content)
