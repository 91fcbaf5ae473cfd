"""Score a model that is in memory on every data set that is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from study.errors import DataError, StudyError
from study.evaluate.asked import Asked, Evaluation
from study.evaluate.done import SetScores, merged, missing, read_scores, write_done, write_scores
from study.evaluate.embed import Subject, at_rest, features_of, labelled
from study.evaluate.external import open_external
from study.evaluate.opened import Opened
from study.evaluate.own import open_own
from study.metrics import METRICS
from study.metrics.base import Metric, Need
from study.records import Outcome, Score, Scores

__all__ = ["Subject", "evaluate", "evaluate_model"]


def evaluate(subject: Subject, asked: Sequence[Asked]) -> Iterator[SetScores]:
    """Score a model on data sets one by one; one that fails gives its reason, and the next is scored."""
    for item in asked:
        with at_rest(subject):
            scores = _score_set(subject, item)
        yield scores  # out of the context: what the caller does in between has its gradients


def evaluate_model(
    run: Path,
    outcome: Outcome,
    subject: Subject,
    evaluation: Evaluation,
    say: Callable[[str], None],
) -> Scores:
    """Bring a run's ``scores.json`` up to what an evaluation asks for, then mark the evaluation as done.

    Each data set's scores are written as soon as they are there. The caller holds the run's lock.
    """
    scores = read_scores(run, outcome)
    left = missing(scores, evaluation.asked())
    for number, new in enumerate(evaluate(subject, left), start=1):
        scores = merged(scores, new)
        write_scores(run, scores)
        say(f"evaluated {number}/{len(left)} {summary(new)}")
    write_done(run, evaluation, outcome, scores)
    return scores


def summary(new: SetScores) -> str:
    """One line: the headlines in percent, or the reason why there are none."""
    headlines = {headline for name in new.metrics for headline in METRICS.load(name).headline}
    shown = [score for score in new.scores if score.metric in headlines and score.value is not None]
    values = [f"{score.metric} {score.value:.1%}" for score in shown]
    values += [f"not scored: {new.error}"] if new.error else []
    return f"{new.dataset} in {new.settings['seconds']} s: {', '.join(values) or 'no metric is defined on it'}"


def _score_set(subject: Subject, item: Asked) -> SetScores:
    begun, error = time.monotonic(), None
    answers: dict[str, list[Score]] = {}
    skipped: dict[str, int] = {}
    try:
        opened = _open(item, subject)
        metrics = _defined(item, opened)
        answers = {name: [] for name in item.metrics if name not in metrics}
        for name, found in _score(subject, opened, metrics):
            answers[name] = found
        skipped = opened.skipped()
    except (StudyError, torch.OutOfMemoryError) as problem:
        error = str(problem).splitlines()[0]
    settings = {
        "device": subject.device.type,
        "precision": subject.precision,
        "image_size": subject.phase.image_size,
        "text_length": subject.phase.text_length,
        "images_skipped": skipped,
        "seconds": round(time.monotonic() - begun, 2),
    }
    scores = tuple(score for found in answers.values() for score in found)
    return SetScores(dataset=item.name, metrics=tuple(answers), scores=scores, error=error, settings=settings)


def _open(item: Asked, subject: Subject) -> Opened:
    if item.root is None:
        return open_own(item.name, subject.trained_on, subject.phase.image_size)
    return open_external(item.name, Path(item.root).expanduser(), subject.phase.image_size)


def _defined(item: Asked, opened: Opened) -> dict[str, Metric]:
    """The metrics that are defined on a set; those that train come last: a missing split costs no other score."""
    metrics = {name: METRICS.load(name) for name in item.metrics}
    undefined = [name for name, metric in metrics.items() if not metric.needs <= opened.offers]
    if undefined and item.all_defined:
        has = ", ".join(sorted(opened.offers)) or "nothing"
        raise DataError(f"{', '.join(undefined)}: not defined on {opened.name}, which has {has}")
    names = sorted(metrics.keys() - undefined, key=lambda name: (Need.TRAIN in metrics[name].needs, name))
    return {name: metrics[name] for name in names}


def _score(subject: Subject, opened: Opened, metrics: dict[str, Metric]) -> Iterator[tuple[str, list[Score]]]:
    if not metrics:
        return
    needs = frozenset[Need]().union(*(metric.needs for metric in metrics.values()))
    features = features_of(subject, opened, needs)
    for name, metric in metrics.items():
        if Need.TRAIN in metric.needs and opened.training is not None:
            features = replace(features, train=labelled(subject, opened.training()))
        yield name, metric.scores(features)
