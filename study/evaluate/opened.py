"""An evaluation set that is ready to be read, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from study.metrics.base import Need

NO_LABELS = torch.empty(0, dtype=torch.int64)


class Pictures(NamedTuple):
    """Some images of a set with what is known of them; labels or captions may be empty."""

    images: Tensor  # uint8 (b, 3, S, S)
    labels: Tensor = NO_LABELS  # int64 (b,)
    captions: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Opened:
    """An evaluation set: ``batches(b)`` yields all its images in an order of its own, b at a time.

    ``templates`` hold the class name's place as ``{c}``. ``training`` opens the set's training split, if any.
    ``skipped`` tells, after reading, why images are missing: reason -> number.
    """

    name: str
    batches: Callable[[int], Iterator[Pictures]]
    classnames: Sequence[str] = ()
    templates: Sequence[str] = ()
    captioned: bool = False
    training: Callable[[], Opened] | None = None
    skipped: Callable[[], dict[str, int]] = dict

    @property
    def offers(self) -> frozenset[Need]:
        """What metrics may need and this set has."""
        has = {
            Need.CLASSES: bool(self.classnames),
            Need.CAPTIONS: self.captioned,
            Need.TRAIN: self.training is not None,
        }
        return frozenset(need for need, there in has.items() if there)
