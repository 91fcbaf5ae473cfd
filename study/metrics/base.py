"""What a metric gets and gives: the cached features of one evaluation set in, scores out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from torch import Tensor

from study.records import Score


class Need(StrEnum):
    """What an evaluation set must offer for a metric to be defined on it."""

    CLASSES = "classes"
    CAPTIONS = "captions"
    TRAIN = "train"


@dataclass(frozen=True)
class Labelled:
    """Image features (m, d) with their class indices (m,): the training split of a probe."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class SetFeatures:
    """Features of one evaluation set, computed once and shared by all metrics, all on one device.

    ``images`` is (n, d) float32 and ``text_features`` is (t, d) float32, both as the strategy exports them,
    not yet normalised; ``text_rows`` gives the row of each text. ``labels`` is (n,) int64, empty where a set
    has no classes. ``templates`` hold the class name's place as ``{c}``, as clip-benchmark's do. ``captions``
    has the texts of each image.
    """

    dataset: str
    images: Tensor
    labels: Tensor
    text_features: Tensor
    text_rows: Mapping[str, int] = field(default_factory=dict)
    classnames: Sequence[str] = ()
    templates: Sequence[str] = ()
    captions: Sequence[Sequence[str]] = ()
    train: Labelled | None = None

    def score(self, metric: str, value: float | None, chance: float | None, majority: float | None = None) -> Score:
        """A score on this set."""
        return Score(
            dataset=self.dataset,
            metric=metric,
            value=value,
            n=len(self.images),
            chance=chance,
            majority=majority,
        )


@dataclass(frozen=True)
class Metric:
    """A metric: what it needs of a set, the function from features to scores, and the names to show in a line."""

    needs: frozenset[Need]
    scores: Callable[[SetFeatures], list[Score]]
    headline: tuple[str, ...]


def prompts(classnames: Sequence[str], templates: Sequence[str]) -> list[str]:
    """All texts of a zero-shot classifier, class by class, as clip-benchmark makes them."""
    return [template.format(c=name) for name in classnames for template in templates]
