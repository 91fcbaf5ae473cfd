import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from study.metrics import METRICS
from study.metrics.base import Labelled, SetFeatures
from study.metrics.linear_probe import choose_l2, fit


def clouds(n, classes, width, seed, spread=0.5):
    """Points around the centres of ``classes`` clouds that are the same for every seed."""
    centres = np.random.default_rng(0).normal(size=(classes, width))
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    points = centres[labels] + spread * rng.normal(size=(n, width))
    return Labelled(torch.tensor(points, dtype=torch.float32), torch.tensor(labels))


def probe(train, test, classes):
    features = SetFeatures(
        dataset="made/test",
        images=test.images,
        labels=test.labels,
        text_features=torch.empty(0),
        classnames=[str(i) for i in range(classes)],
        train=train,
    )
    (score,) = METRICS.load("linear_probe").scores(features)
    return score


def test_perfect():
    score = probe(clouds(60, 3, 8, 1, 0.05), clouds(30, 3, 8, 2, 0.05), 3)
    assert score.value == 1
    assert score.n == 30


def test_worst():
    train, test = clouds(60, 2, 8, 1, 0.05), clouds(30, 2, 8, 2, 0.05)
    assert probe(train, Labelled(test.images, 1 - test.labels), 2).value == 0


def test_features_that_tell_nothing_give_chance():
    train, test = clouds(60, 4, 8, 1), clouds(40, 4, 8, 2)
    score = probe(Labelled(torch.ones(60, 8), train.labels), Labelled(torch.ones(40, 8), test.labels), 4)
    assert score.value == pytest.approx(0.25)
    assert score.chance == 0.25
    assert score.majority == pytest.approx(0.25)


def test_one_class_in_training_is_not_defined():
    train, test = clouds(20, 2, 4, 1), clouds(10, 2, 4, 2)
    assert probe(Labelled(train.images, torch.zeros(20, dtype=torch.int64)), test, 2).value is None


def test_solution_is_scikit_learns():
    from sklearn.linear_model import LogisticRegression

    data = clouds(90, 3, 5, 1, spread=2.0)
    weight, bias = fit(data, 3, l2=0.01)
    reference = LogisticRegression(C=1 / (0.01 * 90), tol=1e-8, max_iter=1000).fit(data.images, data.labels)
    theirs = reference.predict_proba(data.images)
    ours = torch.softmax(data.images @ weight + bias, dim=1).numpy()
    assert ours == pytest.approx(theirs, abs=2e-4)


def test_twice_the_same():
    train, test = clouds(80, 4, 6, 1, 1.5), clouds(40, 4, 6, 2, 1.5)
    assert choose_l2(train, 4) == choose_l2(train, 4)
    assert probe(train, test, 4) == probe(train, test, 4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="clip-benchmark's own probe needs CUDA")
def test_agrees_with_clip_benchmark(tmp_path):
    from clip_benchmark.metrics import linear_probe

    class Identity(torch.nn.Module):
        def encode_image(self, images):
            return images

    train, test = clouds(2000, 10, 16, 1, 1.2), clouds(1000, 10, 16, 2, 1.2)
    loaders = [DataLoader(TensorDataset(data.images, data.labels), batch_size=100) for data in (train, test)]
    theirs = linear_probe.evaluate(
        Identity(), *loaders, -1, 100, 0, 0.1, 20, "identity", 0, str(tmp_path), "cuda", amp=False
    )
    on_gpu = [Labelled(data.images.cuda(), data.labels.cuda()) for data in (train, test)]
    assert probe(*on_gpu, 10).value == pytest.approx(theirs["lp_acc1"], abs=0.02)
    assert probe(*on_gpu, 10).value == pytest.approx(probe(train, test, 10).value, abs=0.002)
