"""SLIP: its three views, its head's statistics, and that it stays finite."""

import math

import pytest
import torch

from study.models import build, resolve
from study.records import PluginRef
from study.strategies.base import Batch, Noise, Phase, Progress
from study.strategies.clip import Clip
from study.strategies.slip import ProjectionHead, Slip, simclr_loss
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.step import GlobalStep
from tests.strategies.parts import ROWS, make_spec_for, pairs

ARCH = resolve(PluginRef(name="vit_pico"))


def made(**options):
    strategy = Slip(Slip.Config(**{"hidden": 16, "projection": 8} | options))
    model = build(ARCH, seed=0)
    torch.manual_seed(0)
    strategy.attach(model)
    return strategy, model, Phase(6400, ARCH.image_size, ARCH.text_length)


def stored_pairs(strategy, phase, rows=slice(0, ROWS)):
    return pairs(ARCH, Phase(phase.samples, strategy.stored_size(phase), phase.text_length), rows)


def test_each_view_has_statistics_of_its_own():
    """A constant added to all features of one view goes out of batch norms that see that view alone."""
    strategy, model, phase = made()
    with torch.no_grad():
        features = strategy.embed(model, stored_pairs(strategy, phase), phase)
        moved = {**features, "view_b": features["view_b"] + 5}
        one, other = (strategy.loss(model, f, Progress(0, 64, 64, ROWS)).logs["simclr_loss"] for f in (features, moved))
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_its_loss_is_the_weighted_sum():
    strategy, model, phase = made(ssl_scale=0.5, temperature=0.3)
    features = strategy.embed(model, stored_pairs(strategy, phase), phase)
    progress = Progress(0, 64, 64, ROWS)
    expected = Clip.loss(strategy, model, features, progress).loss
    expected = expected + 0.5 * simclr_loss(*(strategy.head(features[view]) for view in ("view_a", "view_b")), 0.3)
    torch.testing.assert_close(strategy.loss(model, features, progress).loss, expected)


@torch.no_grad()
def test_the_three_views_of_an_image_differ():
    strategy, model, phase = made()
    features = strategy.embed(model.eval(), stored_pairs(strategy, phase), phase)
    assert (features["view_a"] - features["view_b"]).abs().amax(dim=1).min() > 1e-3
    whole = Clip.embed(strategy, model, stored_pairs(strategy, phase), phase)
    assert (features["image"] - whole["image"]).abs().amax(dim=1).min() > 1e-4
    assert torch.equal(features["text"], whole["text"])


@torch.no_grad()
def test_a_base_view_of_everything_is_clips():
    strategy, model, phase = made(crop_min=1.0)
    batch = stored_pairs(strategy, phase)
    assert batch.images.shape[-1] == 2 * phase.image_size
    whole = Clip.embed(strategy, model, batch, phase)
    assert torch.equal(strategy.embed(model, batch, phase)["image"], whole["image"])


@torch.no_grad()
def test_the_base_view_is_not_mirrored():
    strategy, model, phase = made(crop_min=0.9999, stored_scale=1.0)  # hardly a box but the whole image fits
    batch = stored_pairs(strategy, phase)
    whole = Clip.embed(strategy, model, batch, phase)
    torch.testing.assert_close(strategy.embed(model, batch, phase)["image"], whole["image"], rtol=0, atol=1e-3)


@torch.no_grad()
def test_a_micro_batch_sees_the_views_of_the_whole_batch():
    strategy, model, phase = made()
    whole = strategy.embed(model, stored_pairs(strategy, phase), phase)
    for rows in (slice(0, 2), slice(2, 8)):
        part = strategy.embed(model, stored_pairs(strategy, phase, rows), phase)
        for name, features in part.items():
            torch.testing.assert_close(features, whole[name][rows], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_two_pairs_at_the_largest_scale_stay_finite(precision):
    """200 steps; batch norms over two rows, similarities of equal features, logit_scale 100."""
    strategy, model, phase = made()
    parameters = [p for _, p in trained_parameters(model, strategy)]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)
    step = GlobalStep(model, strategy, Place(torch.device("cpu"), "test"), precision, seed=0)
    images, texts = (part[:2] for part in (stored_pairs(strategy, phase).images, stored_pairs(strategy, phase).texts))
    losses = []
    for index in range(200):
        torch.nn.init.constant_(model.logit_scale, math.log(100))
        noise = Noise(0, 2 * index, 2, slice(0, 2), torch.device("cpu"))
        losses.append(step([Batch(images, texts, noise)], phase, Progress(2 * index, 6400, 64, 2)).loss.detach())
        optimizer.step()
        optimizer.zero_grad()
    assert torch.isfinite(torch.stack(losses)).all()
    assert all(torch.isfinite(parameter).all() for parameter in parameters)


def test_views_that_are_all_alike_have_finite_gradients():
    head = ProjectionHead(8, 16, 4)
    features = torch.ones(2, 8, requires_grad=True)
    simclr_loss(head(features), head(features), 0.1).backward()
    assert torch.isfinite(features.grad).all()


def test_costs_are_three_passes_and_the_head_on_two_views():
    strategy, _, phase = made(hidden=100, projection=10)
    passes = strategy.passes(phase, ARCH, batch=64)
    weights = ARCH.image_width * 100 + 100 * 100 + 100 * 10
    clip, similarities = 64 * ARCH.embed_dim, 2 * (2 * 64) * 10  # a pair's two rows against 128 projections
    assert (passes.image, passes.text) == (3, 1)
    assert passes.extra_gmacs == pytest.approx((clip + 2 * weights + similarities) / 1e9)
    parameters = sum(parameter.numel() for parameter in strategy.head.parameters())
    assert passes.extra_params_m == pytest.approx(parameters / 1e6)


def test_one_pair_a_batch_is_refused():
    spec = make_spec_for(ARCH)
    (problem,) = Slip.problems(Slip.Config(), spec.model_copy(update={"global_batch_size": 1}), ARCH)
    assert problem.endswith("set global_batch_size: 2")
    assert not Slip.problems(Slip.Config(), spec.model_copy(update={"global_batch_size": 2}), ARCH)


@pytest.mark.parametrize(("scale", "size"), [(2.0, 64), (1.0, 32), (1.51, 48)])
def test_images_are_stored_larger_than_views(scale, size):
    assert made(stored_scale=scale)[0].stored_size(Phase(64, 32, 16)) == size
