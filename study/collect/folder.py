"""How one run stands, read from its folder. A damaged file is a reason, not a crash."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from study.records import Outcome, RunSpec, Score, Scores, Status
from study.summary.state import record, state

STALE_SCORES = "its scores belong to an earlier training and are ignored; evaluate it again"
NO_SCORES = "not evaluated"


@dataclass(frozen=True)
class RunFolder:
    """What a run's folder says; ``reason`` tells why a run did not complete, in one line."""

    status: Status
    reason: str | None = None
    spec: RunSpec | None = None
    outcome: Outcome | None = None
    scores: tuple[Score, ...] = ()
    evaluation_note: str | None = None
    evaluate_hours: float | None = None


def read_run(folder: Path, evaluated: Collection[str], under_way: bool = False) -> RunFolder:
    """Read a run's folder; one that does not exist is a run that was planned and not started.

    ``evaluated`` are the data sets of the study: what other studies ask for took no time of this one's.
    """
    spec, _ = record(folder / "spec.json", RunSpec)
    now = state(folder, under_way)
    run = RunFolder(now.status, now.reason, spec, now.outcome)
    return _with_scores(run, folder, evaluated) if now.status is Status.COMPLETED else run


def _with_scores(run: RunFolder, folder: Path, evaluated: Collection[str]) -> RunFolder:
    scores, problem = record(folder / "scores.json", Scores)
    if scores is None:
        return replace(run, evaluation_note=problem or NO_SCORES)
    if run.outcome and (scores.run_id, scores.outcome_finished) != (run.outcome.run_id, run.outcome.finished):
        return replace(run, evaluation_note=STALE_SCORES)
    errors = "; ".join(f"{dataset}: {error}" for dataset, error in sorted(scores.errors.items()))
    own = [settings for name, settings in scores.settings.items() if name in evaluated]
    seconds = [settings["seconds"] for settings in own if "seconds" in settings]
    return replace(
        run,
        scores=tuple(scores.scores),
        evaluation_note=errors or None,
        evaluate_hours=sum(seconds) / 3600 if seconds else None,
    )
