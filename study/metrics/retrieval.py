"""Image and text retrieval (Karpathy and Fei-Fei, 2015, arXiv:1412.2306, section 4.1), by clip-benchmark.

Image retrieval asks with each text for its image; text retrieval asks with each image for any of its texts.
"""

from __future__ import annotations

from collections import Counter
from math import comb

from clip_benchmark.metrics import zeroshot_retrieval

from study.metrics.base import Metric, Need, SetFeatures
from study.metrics.cached import CachedLoader, CachedModel, quietly
from study.records import Score

DEPTHS = (1, 5, 10)


def scores(features: SetFeatures) -> list[Score]:
    """Recall@1, 5 and 10 in both directions; not defined where either side has fewer than k."""
    images, counts = len(features.images), [len(captions) for captions in features.captions]
    texts = sum(counts)
    within = [k for k in DEPTHS if k <= min(images, texts)]
    model = CachedModel(features)
    with quietly():
        found = zeroshot_retrieval.evaluate(
            model,
            CachedLoader(features.captions),
            model.tokenize,
            features.images.device.type,
            amp=False,
            recall_k_list=within,
        )
    image_side = [
        features.score(
            f"image_retrieval_recall_at_{k}",
            found.get(f"image_retrieval_recall@{k}"),
            k / images if k in within else None,
        )
        for k in DEPTHS
    ]
    text_side = [
        features.score(
            f"text_retrieval_recall_at_{k}",
            found.get(f"text_retrieval_recall@{k}"),
            text_chance(counts, k) if k in within else None,
        )
        for k in DEPTHS
    ]
    return image_side + text_side


def text_chance(counts: list[int], k: int) -> float:
    """Expected text retrieval of a random order: ``counts`` are the texts of each image.

    An image with m of T texts is missed with probability C(T - m, k) / C(T, k).
    """
    texts = sum(counts)
    missed = sum(images * comb(texts - own, k) / comb(texts, k) for own, images in Counter(counts).items())
    return 1 - missed / len(counts)


METRIC = Metric(
    frozenset({Need.CAPTIONS}), scores, headline=("image_retrieval_recall_at_5", "text_retrieval_recall_at_5")
)
