"""Zero-shot classification (Radford et al., 2021, arXiv:2103.00020, section 3.1.2).

Classifier and logits come from clip-benchmark. Its ``accuracy`` is written out here: it turns arrays of
one element into numbers, which new versions of numpy refuse.
"""

from __future__ import annotations

from clip_benchmark.metrics import zeroshot_classification
from torch import Tensor

from study.metrics.base import Metric, Need, SetFeatures
from study.metrics.cached import CachedLoader, CachedModel, quietly
from study.records import Score


def logits_of(features: SetFeatures) -> Tensor:
    """Logits (n, classes); a class is the mean of its normalised prompts, normalised again."""
    model, device = CachedModel(features), features.images.device.type
    loader = CachedLoader(features.labels, features.classnames)
    names, templates = list(features.classnames), list(features.templates)
    with quietly():
        classifier = zeroshot_classification.zero_shot_classifier(
            model, model.tokenize, names, templates, device, amp=False
        )
        logits: Tensor
        logits, _ = zeroshot_classification.run_classification(model, classifier, loader, device, amp=False)
    return logits


def scores(features: SetFeatures) -> list[Score]:
    """Top-1 and top-5 accuracy and mean recall of the classes that occur; no top-5 below five classes."""
    logits, labels, classes = logits_of(features), features.labels.cpu(), len(features.classnames)
    ranked = logits.topk(min(5, classes), dim=1).indices == labels[:, None]  # (n, 5): is it the label?
    counts = labels.bincount(minlength=classes)
    recalls = labels[logits.argmax(dim=1) == labels].bincount(minlength=classes).double() / counts
    shares = counts.sort(descending=True).values.double() / len(labels)
    top5 = (float(ranked.any(dim=1).double().mean()), 5 / classes, float(shares[:5].sum()))
    return [
        features.score("zeroshot_top1", float(ranked[:, 0].double().mean()), 1 / classes, float(shares[0])),
        features.score("zeroshot_top5", *(top5 if classes >= 5 else (None, None, None))),
        features.score("zeroshot_mean_per_class", float(recalls.nanmean()), 1 / classes, 1 / int((counts > 0).sum())),
    ]


METRIC = Metric(frozenset({Need.CLASSES}), scores, headline=("zeroshot_top1",))
