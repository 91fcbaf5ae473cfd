import numpy as np
import pytest
import torch

from study.metrics import METRICS
from study.metrics.base import SetFeatures
from study.metrics.retrieval import text_chance


def features_of(images, texts, counts):
    captions, row = [], 0
    for image, count in enumerate(counts):
        captions.append([f"caption {row + i} of image {image}" for i in range(count)])
        row += count
    flat = [text for texts_of_image in captions for text in texts_of_image]
    return SetFeatures(
        dataset="made/test",
        images=torch.as_tensor(images, dtype=torch.float32),
        labels=torch.empty(0, dtype=torch.int64),
        captions=captions,
        text_rows={text: row for row, text in enumerate(flat)},
        text_features=torch.as_tensor(texts, dtype=torch.float32),
    )


def scored(features):
    return {score.metric: score for score in METRICS.load("retrieval").scores(features)}


def test_perfect():
    found = scored(features_of(torch.eye(70), torch.eye(70), [1] * 70))  # more than one batch
    assert [score.value for score in found.values()] == [1] * 6
    assert found["image_retrieval_recall_at_5"].chance == pytest.approx(5 / 70)
    assert found["text_retrieval_recall_at_10"].chance == pytest.approx(10 / 70)
    assert found["image_retrieval_recall_at_1"].majority is None


def test_worst():
    found = scored(features_of(torch.eye(12), -torch.eye(12), [1] * 12))
    assert [score.value for score in found.values()] == [0] * 6


def test_collapsed_model_gets_chance():
    found = scored(features_of(torch.ones(20, 4), torch.ones(20, 4), [1] * 20))
    for score in found.values():
        assert score.value == pytest.approx(score.chance)


def test_fewer_candidates_than_asked_for_is_not_defined():
    found = scored(features_of(torch.eye(7), torch.eye(7), [1] * 7))
    assert found["text_retrieval_recall_at_5"].value == 1
    assert found["text_retrieval_recall_at_10"].value is None
    assert found["text_retrieval_recall_at_10"].chance is None


def test_text_chance_by_hand():
    assert text_chance([1, 1, 1, 1], 1) == pytest.approx(1 / 4)
    # two images with 1 and 3 of 4 texts; two drawn: 1 - C(3,2)/C(4,2) = 1/2, and 1 - C(1,2)/C(4,2) = 1
    assert text_chance([1, 3], 2) == pytest.approx(3 / 4)
    assert text_chance([0, 4], 1) == pytest.approx(1 / 2)


def test_equals_numpy_on_random_features_with_several_captions():
    rng = np.random.default_rng(5)
    counts = rng.integers(1, 5, size=90).tolist()
    owner = np.repeat(np.arange(90), counts)
    images, texts = rng.normal(size=(90, 6)), rng.normal(size=(len(owner), 6))
    texts += images[owner]
    found = scored(features_of(images, texts, counts))
    similarity = (texts / np.linalg.norm(texts, axis=1, keepdims=True)) @ (
        images / np.linalg.norm(images, axis=1, keepdims=True)
    ).T
    for k in (1, 5, 10):
        nearest_images = np.argsort(-similarity, axis=1)[:, :k]
        nearest_texts = np.argsort(-similarity.T, axis=1)[:, :k]
        image_recall = (nearest_images == owner[:, None]).any(axis=1).mean()
        text_recall = (owner[nearest_texts] == np.arange(90)[:, None]).any(axis=1).mean()
        assert found[f"image_retrieval_recall_at_{k}"].value == pytest.approx(image_recall)
        assert found[f"text_retrieval_recall_at_{k}"].value == pytest.approx(text_recall)
