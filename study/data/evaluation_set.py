"""Images that models are scored on, which no run trains on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from study.data.samples import Samples


@dataclass(frozen=True)
class EvaluationSet:
    """Images with what is known of them: class labels, captions, and perhaps a training split for probes.

    ``labels`` is int64 (n,) into ``classnames``; ``templates`` hold the class name's place as ``{}``;
    ``image_captions`` has the captions of each image, and is empty where a set has none.
    """

    name: str
    samples: Samples
    classnames: list[str]
    labels: np.ndarray
    templates: tuple[str, ...]
    image_captions: list[list[str]]
    train: Samples | None = None
    train_labels: np.ndarray | None = None
