"""The folder of a run that has ended: its outcome, and the weights of one that was completed."""

from __future__ import annotations

from pathlib import Path

from study import checkpoint, io
from study.config.spec import read_outcome, read_spec
from study.records import Outcome, Status
from study.saved import outcome_copy
from study.train.session import Session
from study.train.tuned import tuned


def settle(run: Path, outcome: Outcome, session: Session | None) -> None:
    """Write the outcome, last of all, and before it the final weights if there are any; for the process that leads."""
    told = outcome.model_dump(mode="json")
    if session is not None and outcome.status is Status.COMPLETED:
        io.write_json(outcome_copy(run), told)
        checkpoint.save_final(run, session.weights())
    io.write_json(run / "outcome.json", told)


def restored(run: Path, spec_path: Path) -> Outcome | None:
    """The outcome of a training that is complete, put back: Snakemake deletes it when what follows it fails.

    Not of one whose trials were run again and now choose another learning rate: that is forgotten.
    """
    copy = outcome_copy(run)
    if not (copy.exists() and checkpoint.has_final(run)):
        return None
    tuning, told = read_spec(spec_path).tuning, io.read_json(copy)
    if tuning and tuned(tuning, run.parent).lr != told["resolved"]["lr"]:
        checkpoint.forget(run)
        return None
    io.write_json(run / "outcome.json", told)
    return read_outcome(run)
