"""Evaluation sets of the project's own data sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import torch

from study.data import SOURCES
from study.data.evaluation_set import EvaluationSet
from study.data.place import open_source
from study.data.samples import Samples
from study.evaluate.opened import NO_LABELS, Opened, Pictures
from study.records import PluginRef
from study.registry import unknown_name


def open_own(name: str, trained_on: PluginRef, size: int) -> Opened:
    """Open ``SOURCE/SET``: of the source that the model was trained on, or of another with its defaults.

    Raises UnknownNameError when there is no such set and DataError when it cannot be read.
    """
    prefix = name.partition("/")[0]
    other = prefix != trained_on.name and prefix in SOURCES
    source = open_source(PluginRef(name=prefix) if other else trained_on)
    if name not in source.evaluation_sets():
        raise unknown_name("evaluation set", name, list(source.evaluation_sets()))
    return opened(source.evaluation_set(name), size)


def opened(found: EvaluationSet, size: int) -> Opened:
    """A source's set at an image size; images that cannot be read are left out."""
    labelled = partial(_batches, found.samples, size, found.labels, found.image_captions)
    return Opened(
        name=found.name,
        batches=labelled,
        classnames=found.classnames,
        templates=[template.replace("{}", "{c}") for template in found.templates],
        captioned=any(found.image_captions),
        skipped=lambda: found.samples.skipped,
        training=_training(found, size),
    )


def _training(found: EvaluationSet, size: int) -> Callable[[], Opened] | None:
    if found.train is None or found.train_labels is None:
        return None
    batches = partial(_batches, found.train, size, found.train_labels, ())
    return lambda: Opened(f"{found.name} (training)", batches, found.classnames)


def _batches(
    samples: Samples, size: int, labels: np.ndarray, captions: Sequence[Sequence[str]], count: int
) -> Iterator[Pictures]:
    images, usable = samples.images(size), samples.usable(size)
    for start in range(0, len(usable), count):
        rows = usable[start : start + count]
        pictures = torch.from_numpy(images[rows]).permute(0, 3, 1, 2)  # indexing copies: (b, S, S, 3)
        known = torch.from_numpy(labels[rows]).long() if len(labels) else NO_LABELS
        yield Pictures(pictures, known, [captions[row] for row in rows] if captions else ())
