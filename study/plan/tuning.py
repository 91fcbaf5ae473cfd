"""What a run keeps of the trials that choose its learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from study.config import Tune
from study.errors import PlanError
from study.metrics import METRICS
from study.records import Tuning
from study.registry import unknown_name

Evaluated = Mapping[str, Sequence[str]]  # evaluation set -> the metrics asked for, none for the usual ones


def tuning(tune: Tune, trials: Sequence[str], evaluated: Evaluated) -> Tuning:
    """How a run's learning rate is chosen among trials, by their ids.

    Raises PlanError when no evaluation set decides, or it will lack a metric that does.
    """
    dataset = decides_on(tune, list(evaluated))
    _check_metrics(tune, dataset, evaluated[dataset])
    return Tuning(runs=tuple(sorted(trials)), dataset=dataset, metrics=tune.metrics)


def decides_on(tune: Tune, evaluation_sets: Sequence[str]) -> str:
    """The evaluation set whose scores decide; raises PlanError when there is none."""
    for name in evaluation_sets:
        if name == tune.on or name.endswith(f"/{tune.on}"):
            return name
    given = ", ".join(evaluation_sets) or "none"
    raise PlanError(f"no evaluation set is called {tune.on!r} or ends so; this study has: {given}")


def _check_metrics(tune: Tune, dataset: str, asked: Sequence[str]) -> None:
    made = {headline: name for name in METRICS.names() for headline in METRICS.load(name).headline}
    for metric in tune.metrics:
        if metric not in made:
            raise unknown_name("headline metric", metric, sorted(made))
        if asked and made[metric] not in asked:
            raise PlanError(
                f"{metric} decides, but {dataset} is evaluated by {', '.join(asked)} alone; add {made[metric]} to its "
                "metrics, or take another one under tune"
            )
