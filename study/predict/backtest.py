"""How well GPU-hours are predicted for published runs that the prediction did not see."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median, quantiles

from scipy.special import betaincinv

from study.predict.mfu_fit import fit, held, left_out
from study.predict.published_runs import PublishedRun, groups, published_runs

Folds = list[Hashable]
# From runs to a function that gives a run's log MFU.
Predictor = Callable[[Sequence[PublishedRun]], Callable[[PublishedRun], float]]


@dataclass(frozen=True)
class Told:
    """What was predicted for a run that was left out, in GPU-hours; the range is none where none is given."""

    run: PublishedRun
    gpu_hours: float
    low: float | None
    high: float | None

    @property
    def factor(self) -> float:
        """How many times too much or too little: 1 is perfect."""
        return exp(abs(log(self.gpu_hours / self.run.gpu_hours)))


@dataclass(frozen=True)
class Errors:
    """Error factors of ``n`` left-out runs: median and 90th percentile; how many of their ranges hold the truth.

    ``covered`` is none where no range is given; ``covered_low`` to ``covered_high`` is its 95 % interval.
    """

    left_out: str
    runs: str
    predictor: str
    n: int
    median: float
    p90: float
    covered: int | None
    covered_low: float | None
    covered_high: float | None


def cost_backtest() -> list[Errors]:
    """Every way of leaving out, of all runs and of those alone whose hours are derived from a throughput."""
    runs = published_runs()
    derived = [run for run in runs if run.from_throughput]
    found = []
    for leaving in ways(runs):
        for name, some in (("all", runs), ("derived", derived)):
            folds = ways(some)[leaving]
            if len(set(folds)) > 1:  # derived hours are of one source
                found += [_errors(leaving, name, rule, predicted(some, folds, rule)) for rule in PREDICTORS]
    return found


def ways(runs: Sequence[PublishedRun]) -> dict[str, Folds]:
    """What is left out at a time, and the fold of each run."""
    return {
        "run": list(range(len(runs))),
        "measurement": list(groups(runs)),
        "source": [run.source for run in runs],
    }


def predicted(runs: Sequence[PublishedRun], folds: Folds, predictor: str) -> list[Told]:
    """Each run predicted from the runs of the other folds; the model of this program gives a range, too."""
    told: dict[int, Told] = {}
    for fold in dict.fromkeys(folds):
        seen = [index for index, own in enumerate(folds) if own != fold]
        others = [runs[index] for index in seen]
        rule = PREDICTORS[predictor](others)
        spread = _spread(others, [folds[index] for index in seen]) if predictor == MODEL else None
        for index in set(range(len(runs))) - set(seen):
            told[index] = _told(runs[index], rule(runs[index]), spread)
    return [told[index] for index in range(len(runs))]


def _spread(runs: Sequence[PublishedRun], folds: Folds) -> float:
    """What nine in ten of the runs at hand are off when they are left out themselves; a measurement is never split."""
    by_source = len(set(folds)) <= len({run.source for run in runs})
    return held(left_out(runs, folds if by_source else groups(runs)))


def _told(run: PublishedRun, log_mfu: float, spread: float | None) -> Told:
    hours = run.gpu_hours * run.mfu / exp(log_mfu)
    return Told(run, hours, hours / exp(spread) if spread else None, hours * exp(spread) if spread else None)


def _errors(leaving: str, runs: str, predictor: str, told: Sequence[Told]) -> Errors:
    factors = [one.factor for one in told]
    inside = [one.low <= one.run.gpu_hours <= one.high for one in told if one.low is not None and one.high is not None]
    covered = sum(inside) if inside else None
    low, high = clopper_pearson(covered, len(inside)) if covered is not None else (None, None)
    p90 = quantiles(factors, n=10)[8]
    return Errors(leaving, runs, predictor, len(told), median(factors), p90, covered, low, high)


def clopper_pearson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval of a share, ``hits`` of ``n`` (Clopper and Pearson, Biometrika 26, 1934)."""
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def _fixed(runs: Sequence[PublishedRun]) -> Callable[[PublishedRun], float]:
    middle = log(median(run.mfu for run in runs))
    return lambda run: middle


def _of_architecture(runs: Sequence[PublishedRun]) -> Callable[[PublishedRun], float]:
    """The median MFU of the runs of the same architecture; of all where there is none."""

    def rule(run: PublishedRun) -> float:
        own = [other.mfu for other in runs if other.arch == run.arch]
        return log(median(own or [other.mfu for other in runs]))

    return rule


def _model(runs: Sequence[PublishedRun]) -> Callable[[PublishedRun], float]:
    line = fit(runs)
    return lambda run: line.log_mfu(run.gmacs_per_sample, run.gpus, run.in_jax)


MODEL = "this program"
PREDICTORS: dict[str, Predictor] = {
    "one MFU": _fixed,
    "architecture's median": _of_architecture,
    MODEL: _model,
}
