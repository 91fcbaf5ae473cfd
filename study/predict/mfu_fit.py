"""The line of ``study.predict.mfu`` through published runs, and how far off it is for runs that it did not see.

Ridge regression with Huber weights: few coefficients, drawn towards zero, and no outlier decides. Rows that are likely
one measurement count as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import ceil, log

import numpy as np

from study.predict.mfu import Line, PublishedModel
from study.predict.published_runs import PublishedRun, groups, published_runs

RIDGE = 0.3  # in units of the weight of one measurement
HUBER = 0.15  # in log MFU: half of the runs are within it
ROUNDS = 30  # of reweighting; it settles in about ten
COVERED = 0.9  # share of left-out runs that a range is to hold


def fit_published() -> PublishedModel:
    """The model of all published runs: what ``study.predict.mfu.published_model`` reads."""
    runs = published_runs()
    sizes, gpus = [run.gmacs_per_sample for run in runs], [run.gpus for run in runs if run.gpus]
    spread = held(list(left_out(runs, [run.source for run in runs])))
    return PublishedModel(fit(runs), len(runs), (min(sizes), max(sizes)), (min(gpus), max(gpus)), spread)


def fit(runs: Sequence[PublishedRun]) -> Line:
    """The line through runs; a feature that they do not have gets no slope."""
    features = np.array([[log(r.gmacs_per_sample), log(r.gpus) if r.gpus else np.nan, r.in_jax] for r in runs])
    known = ~np.isnan(features)
    centres = np.where(known, features, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    features = np.where(known, features - centres, 0.0)  # an unknown number of GPUs says nothing
    design, target = np.c_[np.ones(len(runs)), features], np.array([log(run.mfu) for run in runs])
    own, penalty = _weights(groups(runs)), np.diag([0.0, RIDGE, RIDGE, RIDGE])
    weights, answer = own, np.zeros(4)
    for _ in range(ROUNDS):
        weighted = design * weights[:, None]
        answer = np.linalg.solve(design.T @ weighted + penalty, weighted.T @ target)
        weights = own * np.minimum(1.0, HUBER / np.maximum(np.abs(target - design @ answer), 1e-12))
    size, gpus, jax = (float(slope) for slope in answer[1:])
    return Line(float(answer[0]), (size, gpus, jax), (float(centres[0]), float(centres[1]), float(centres[2])))


def _weights(labels: Sequence[int]) -> np.ndarray:
    """Rows of one measurement share its weight."""
    counts = Counter(labels)
    return np.array([1 / counts[label] for label in labels])


def left_out(runs: Sequence[PublishedRun], folds: Sequence[Hashable]) -> list[float]:
    """Error in log MFU of each run, predicted from the runs of the other folds."""
    errors = [0.0] * len(runs)
    for fold in dict.fromkeys(folds):
        line = fit([run for run, own in zip(runs, folds, strict=True) if own != fold])
        for index, run in enumerate(runs):
            if folds[index] == fold:
                errors[index] = log(run.mfu) - line.log_mfu(run.gmacs_per_sample, run.gpus, run.in_jax)
    return errors


def held(errors: Sequence[float], share: float = COVERED) -> float:
    """The half-width that holds ``share`` of new errors like these, by the rank of split conformal prediction."""
    ordered = sorted(map(abs, errors))
    return ordered[min(len(ordered), ceil(share * (len(ordered) + 1))) - 1]
