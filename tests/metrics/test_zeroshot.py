import numpy as np
import pytest
import torch

from study.metrics import METRICS
from study.metrics.base import SetFeatures, prompts

TEMPLATES = ["a {c}", "the {c} here"]


def features_of(images, class_features, labels, templates=TEMPLATES):
    """``class_features`` is (classes, templates, d)."""
    names = [f"class {i}" for i in range(len(class_features))]
    texts = prompts(names, templates)
    return SetFeatures(
        dataset="made/test",
        images=images,
        labels=torch.tensor(labels),
        classnames=names,
        templates=templates,
        text_rows={text: row for row, text in enumerate(texts)},
        text_features=class_features.reshape(len(texts), -1),
    )


def axes(count):
    return torch.eye(count)[:, None].repeat(1, 2, 1)


def scored(features):
    return {score.metric: score for score in METRICS.load("zeroshot").scores(features)}


def test_perfect():
    found = scored(features_of(torch.eye(6) * 3, axes(6), list(range(6))))
    assert {name: score.value for name, score in found.items()} == {
        "zeroshot_top1": 1,
        "zeroshot_top5": 1,
        "zeroshot_mean_per_class": 1,
    }
    assert found["zeroshot_top1"].n == 6


def test_worst():
    # each image is the opposite of its class: that class comes last of six
    found = scored(features_of(-torch.eye(6), axes(6), list(range(6))))
    assert [score.value for score in found.values()] == [0, 0, 0]


def test_collapsed_model_gets_chance():
    # all images equal to class 0, classes equally frequent
    found = scored(features_of(torch.eye(6)[:1].repeat(12, 1), axes(6), list(range(6)) * 2))
    assert found["zeroshot_top1"].value == pytest.approx(1 / 6)
    assert found["zeroshot_mean_per_class"].value == pytest.approx(1 / 6)
    assert found["zeroshot_top1"].chance == pytest.approx(1 / 6)
    assert found["zeroshot_top5"].chance == pytest.approx(5 / 6)


def test_majority_shares_and_recall_by_hand():
    # three classes of eight occur, with 4, 1 and 1 images; all are taken for class 0
    labels = [0, 0, 0, 0, 3, 5]
    found = scored(features_of(torch.eye(8)[:1].repeat(6, 1), axes(8), labels))
    assert found["zeroshot_top1"].value == pytest.approx(4 / 6)
    assert found["zeroshot_top1"].majority == pytest.approx(4 / 6)
    assert found["zeroshot_top5"].majority == pytest.approx(1)
    assert found["zeroshot_mean_per_class"].value == pytest.approx(1 / 3)
    assert found["zeroshot_mean_per_class"].majority == pytest.approx(1 / 3)


def test_top5_is_not_defined_below_five_classes():
    found = scored(features_of(torch.eye(4), axes(4), [0, 1, 2, 3]))
    assert found["zeroshot_top1"].value == 1
    assert found["zeroshot_top5"].value is None
    assert found["zeroshot_top5"].chance is None


def test_equals_numpy_on_random_features():
    rng = np.random.default_rng(3)
    images, classes = rng.normal(size=(150, 8)), rng.normal(size=(12, 3, 8))
    labels = rng.integers(0, 12, size=150)
    templates = ["a {c}", "b {c}", "c {c}"]
    found = scored(
        features_of(
            torch.tensor(images, dtype=torch.float32),
            torch.tensor(classes, dtype=torch.float32),
            labels.tolist(),
            templates,
        )
    )
    unit = classes / np.linalg.norm(classes, axis=-1, keepdims=True)
    order = np.argsort(-images @ (unit.mean(axis=1) / np.linalg.norm(unit.mean(axis=1), axis=-1)[:, None]).T)
    right = order[:, 0] == labels
    recalls = [right[labels == c].mean() for c in np.unique(labels)]
    assert found["zeroshot_top1"].value == pytest.approx(right.mean())
    assert found["zeroshot_top5"].value == pytest.approx((order[:, :5] == labels[:, None]).any(axis=1).mean())
    assert found["zeroshot_mean_per_class"].value == pytest.approx(np.mean(recalls))
