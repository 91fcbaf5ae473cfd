"""Trained runs as scorers; each knows the pairs that it was trained on."""

from __future__ import annotations

from pathlib import Path

from study.config.spec import read_spec
from study.data.place import located, open_planned
from study.data.subset import Subset, ensure
from study.evaluate.embed import Subject
from study.records import RunSpec
from study.scoring.request import RunsRef
from study.scoring.scorer import RunScorer
from study.train.device import Place
from study.train.setup import load_trained


def run_scorers(by: RunsRef, place: Place) -> list[RunScorer]:
    """One a run; raises DataError or StorageError for weights, or training pairs, that are not there."""
    return [_scorer(run, place, by.seen_too) for run in by.runs]


def _scorer(run: Path, place: Place, seen_too: bool) -> RunScorer:
    spec, results = read_spec(run / "spec.json"), run.parents[1]
    arch, model, strategy = load_trained(run, spec, place.device)
    phase = strategy.phases(spec, arch)[-1]
    trained_on = located(spec.data, results)
    subject = Subject(arch, model, strategy, phase, trained_on, place.device, place.precision(spec.precision))
    return RunScorer(subject, None if seen_too else _seen(spec, results))


def _seen(spec: RunSpec, results: Path) -> Subset:
    source = open_planned(spec.data, results)
    return ensure(results, source, spec.data.quality, spec.data.unique_pairs)
