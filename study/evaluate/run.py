"""Evaluate a run's folder; a run that has all its scores, or none to give, costs no import of torch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from study import io
from study.evaluate.asked import Evaluation
from study.evaluate.done import ended, missing, read_scores, write_done
from study.records import Scores, Status

if TYPE_CHECKING:
    from study.evaluate.embed import Subject


def run_evaluation(
    run: Path,
    evaluation: Evaluation,
    load: Callable[[], AbstractContextManager[Subject]],
    say: Callable[[str], None],
) -> Scores:
    """Compute what the run lacks of an evaluation and mark it as done; ``load`` gives the trained model.

    A run that did not complete has nothing to evaluate and is marked as done without scores. Raises
    StorageError when it has no outcome yet and BusyError when another process holds its folder.
    """
    with io.lock(run / ".lock"):
        outcome = ended(run)
        scores = read_scores(run, outcome)
        if outcome.status is Status.COMPLETED and missing(scores, evaluation.asked()):
            with load() as subject:
                from study.evaluate.model import evaluate_model

                return evaluate_model(run, outcome, subject, evaluation, say)
        completed = outcome.status is Status.COMPLETED
        say("already evaluated" if completed else f"{outcome.status}: there is no model to evaluate")
        write_done(run, evaluation, outcome, scores)
        return scores
