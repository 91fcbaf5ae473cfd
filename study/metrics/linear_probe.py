"""Linear probe: logistic regression on frozen image features (arXiv:2103.00020, section 3.2, appendix A.3).

clip-benchmark's own probe asserts CUDA and trains by AdamW for some epochs, so its result depends on both.
This one minimises the convex loss by full-batch L-BFGS, as the paper does, on any device. L2 is found on a
held-out part of the training features by the paper's search: 97 values, every 16th first, then halving steps
around the best.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from study.metrics.base import Labelled, Metric, Need, SetFeatures
from study.records import Score

L2 = torch.logspace(-8, 2, 97, dtype=torch.float64).tolist()  # of the mean loss; features have unit variance
COARSE = 16
HELD_OUT = 0.2
MAX_ITERATIONS = 1000  # arXiv:2103.00020, appendix A.3


def fit(data: Labelled, classes: int, l2: float) -> tuple[Tensor, Tensor]:
    """Weights (d, classes) and bias (classes,) with the least mean cross entropy + l2 / 2 * |weights|^2."""
    weight = torch.zeros(data.images.shape[1], classes, device=data.images.device, requires_grad=True)
    bias = torch.zeros(classes, device=data.images.device, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=MAX_ITERATIONS, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(data.images @ weight + bias, data.labels) + l2 / 2 * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def quality(model: tuple[Tensor, Tensor], data: Labelled) -> tuple[float, float]:
    """Share of images whose highest logit is their class, and the negative mean cross entropy."""
    logits = data.images @ model[0] + model[1]
    right = (logits.argmax(dim=1) == data.labels).double().mean()
    return float(right), -float(F.cross_entropy(logits, data.labels))


def choose_l2(data: Labelled, classes: int) -> float:
    """The L2 with the best accuracy on a fixed fifth of the data; of equals, that with the least loss there."""
    order = torch.randperm(len(data.labels), generator=torch.Generator().manual_seed(0))
    cut = max(1, round(HELD_OUT * len(order)))
    held_out = Labelled(data.images[order[:cut]], data.labels[order[:cut]])
    rest = Labelled(data.images[order[cut:]], data.labels[order[cut:]])
    tried: dict[int, tuple[float, float]] = {}

    def best(indices: list[int]) -> int:
        for index in indices:
            if index not in tried:
                tried[index] = quality(fit(rest, classes, L2[index]), held_out)
        return max(tried, key=lambda index: tried[index])

    peak, step = best(list(range(0, len(L2), COARSE))), COARSE // 2
    while step:
        peak = best([max(peak - step, 0), min(peak + step, len(L2) - 1)])
        step //= 2
    return float(L2[peak])


def standardise(features: SetFeatures, train: Labelled) -> tuple[Labelled, Labelled]:
    """Unit-norm features, centred and scaled by one number from the training split: (train, test).

    With a free bias and a searched L2 this changes no solution, only how fast it is found.
    """
    images, test = F.normalize(train.images, dim=-1), F.normalize(features.images, dim=-1)
    mean = images.mean(dim=0)
    scale = (images - mean).square().mean().sqrt().clamp(min=1e-12)
    return Labelled((images - mean) / scale, train.labels), Labelled((test - mean) / scale, features.labels)


def scores(features: SetFeatures) -> list[Score]:
    """Top-1 accuracy on the set of a probe fitted on its training split; none below two classes there."""
    assert features.train is not None
    classes = len(features.classnames)
    majority = int(features.labels.bincount().max()) / len(features.labels)
    value = None
    if int((features.train.labels.bincount() > 0).sum()) > 1:
        train, test = standardise(features, features.train)
        value, _ = quality(fit(train, classes, choose_l2(train, classes)), test)
    return [features.score("linear_probe_top1", value, 1 / classes, majority)]


METRIC = Metric(frozenset({Need.CLASSES, Need.TRAIN}), scores, headline=("linear_probe_top1",))
