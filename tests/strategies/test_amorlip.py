"""AmorLIP as a strategy: when its amortisers are trained, averaged, kept and begun anew, and what it costs."""

import copy
import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from study.measure.flops import trace
from study.models import build, resolve
from study.records import PluginRef
from study.strategies.amorlip import AmorLip, Amortizer, log_partition
from study.strategies.amorlip_losses import log_target
from study.strategies.base import Batch, Noise, Phase, Progress
from study.strategies.clip import info_nce
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.step import GlobalStep

ARCH = resolve(PluginRef(name="vit_pico"))
BATCH = 8
PLAIN = {"stage_two_lambda": "combined", "beta_max": 0.0, "divide_by_scale": False, "rho": 0.0, "rho_late": 0.0}


@pytest.fixture(scope="module")
def model():
    return build(ARCH, seed=0)


def attached(model, seed=0, **options):
    torch.manual_seed(seed)
    strategy = AmorLip(AmorLip.Config(**options))
    strategy.attach(model)
    return strategy


def unit(model, seed, rows=BATCH):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(rows, model.embed_dim, generator=generator), dim=-1)


def at(step, pairs=20, steps=12):
    return Progress(step * BATCH, steps * BATCH, pairs, BATCH)


def take(strategy, model, step, **progress):
    """A step of the strategy on features of its own: the loss, its gradient at the images, and the logs."""
    image, text = unit(model, 2 * step).requires_grad_(), unit(model, 2 * step + 1)
    output = strategy.loss(model, {"image": image, "text": text}, at(step, **progress))
    return output.loss, torch.autograd.grad(output.loss, image)[0], output.logs


def passes(**options):
    phase = Phase(64, ARCH.image_size, ARCH.text_length)
    return AmorLip(AmorLip.Config(**options)).passes(phase, ARCH, BATCH)


def weights(module):
    return torch.cat([p.detach().flatten().clone() for p in module.parameters()])


@pytest.mark.parametrize("objective", ["l2_log", "kl"])
def test_the_amortisers_learn_the_partition(model, objective):
    strategy = attached(model, objective=objective, train_every=1, online_steps=3)
    features = {"image": unit(model, 0), "text": unit(model, 1)}
    target = log_partition(*features.values(), model.logit_scale.exp(), 1.0)[0].detach()
    for step in range(100):
        strategy.loss(model, features, at(step, pairs=10**4, steps=10**4))
    image = strategy.stage_one.averaged.image(features["image"])
    # the KL form draws lambda above the target, the more so the smaller the batch
    torch.testing.assert_close(image, target, rtol=0, atol=0.1 if objective == "l2_log" else 1.0)


def test_with_the_partition_itself_the_gradient_is_twice_clips(model):
    strategy = attached(model, **PLAIN)
    image, text = unit(model, 0).requires_grad_(), unit(model, 1).requires_grad_()
    output = strategy.loss(model, {"image": image, "text": text}, at(0))
    clip = info_nce(image, text, model.logit_scale.exp())
    found, once = (torch.autograd.grad(loss, (image, text, model.logit_scale)) for loss in (output.loss, clip))
    torch.testing.assert_close(found, tuple(2 * g for g in once), rtol=1e-4, atol=1e-6)
    assert output.logs["contrastive_loss"].item() == pytest.approx(clip.item())


@pytest.mark.parametrize(("step", "weight"), [(0, 6.0), (10, -5.0)])
def test_the_scale_divides_and_rho_pulls_at_it(model, step, weight):
    plain = attached(model, **PLAIN)
    scaled = attached(model, **{**PLAIN, "divide_by_scale": True, "rho": 6.0, "rho_late": -5.0})
    s = model.logit_scale.exp().item()
    (loss, gradient, _), (other, smaller, _) = (take(strategy, model, step) for strategy in (plain, scaled))
    assert other.item() == pytest.approx((loss.item() + weight) / s, rel=1e-5)
    torch.testing.assert_close(smaller, gradient / s)


def test_the_step_counts_are_steps_updates_and_times(model):
    stage = attached(model, train_every=3, online_steps=1, target_every=2)
    found = []
    for step in range(10):
        before = weights(stage.stage_one.amortizers), weights(stage.stage_one.averaged)
        take(stage, model, step, pairs=10**4, steps=10**4)
        after = weights(stage.stage_one.amortizers), weights(stage.stage_one.averaged)
        found.append(tuple(not torch.equal(*both) for both in zip(before, after, strict=True)))
    assert [step for step, (trained, _) in enumerate(found) if trained] == [0, 3, 6, 9]
    assert [step for step, (_, moved) in enumerate(found) if moved] == [0, 3, 9]  # drawn at 0
    assert int(next(iter(stage.stage_one.optimizer.state.values()))["step"]) == 4


def test_several_updates_at_a_time_move_the_average_among_them(model):
    strategy = attached(model, train_every=2, online_steps=3, target_every=3, ema=0.0)
    stage = strategy.stage_one
    for step in (0, 1):
        take(strategy, model, step, pairs=10**4, steps=10**4)
    assert torch.equal(weights(stage.averaged), weights(stage.amortizers))
    assert int(next(iter(stage.optimizer.state.values()))["step"]) == 3


def test_the_average_moves_by_its_decay(model):
    strategy = attached(model, ema=0.75, train_every=1, target_every=1)
    take(strategy, model, 0)
    before = weights(strategy.stage_one.averaged)
    take(strategy, model, 1)
    expected = 0.75 * before + 0.25 * weights(strategy.stage_one.amortizers)
    torch.testing.assert_close(weights(strategy.stage_one.averaged), expected)


def test_an_epoch_keeps_the_average_and_begins_anew(model):
    strategy = attached(model, train_every=4)
    for step in range(3):  # 20 pairs: the second pass begins with step 3
        take(strategy, model, step)
    average, rng = weights(strategy.stage_one.averaged), torch.get_rng_state()
    take(strategy, model, 3)
    stage = strategy.stage_one
    log_z, _ = log_partition(unit(model, 6), unit(model, 7), model.logit_scale.exp(), 1.0)
    assert torch.equal(weights(stage.snapshot), average)
    assert torch.equal(weights(stage.amortizers), weights(stage.averaged))
    assert stage.amortizers.image.fc3.bias.item() == pytest.approx(log_z.mean().item(), rel=1e-5)
    assert not stage.optimizer.state
    assert torch.equal(torch.get_rng_state(), rng)


def test_amortisers_are_drawn_anew_by_seed_and_epoch(model):
    drawn = []
    for seed in (0, 1):
        strategy = attached(model, seed=seed, train_every=4)
        for step in range(6):
            take(strategy, model, step)
            if step in (3, 5):  # the first steps of the second and third pass, when nothing is trained
                drawn.append(strategy.stage_one.amortizers.text.fc1.weight.detach().clone())
    assert not any(torch.equal(*both) for both in itertools.combinations(drawn, 2))


def test_an_epoch_may_go_on_with_its_amortisers(model):
    strategy = attached(model, train_every=4, reinitialise=False)
    for step in range(3):
        take(strategy, model, step)
    before = weights(strategy.stage_one.amortizers), weights(strategy.stage_one.averaged)
    take(strategy, model, 3)
    after = weights(strategy.stage_one.amortizers), weights(strategy.stage_one.averaged)
    assert all(torch.equal(*both) for both in zip(before, after, strict=True))
    assert torch.equal(weights(strategy.stage_one.snapshot), before[1])
    assert strategy.stage_one.optimizer.state


def test_the_snapshot_weighs_more_with_every_epoch(model):
    """Three passes: the target is the partition alone, then .4 and .8 of it are the snapshot."""
    stage = attached(model, stage_two_lambda="combined").stage_one
    features, log_z = (unit(model, 0), unit(model, 1)), (torch.full((BATCH,), 3.0), torch.full((BATCH,), 4.0))
    for step, weight in ((0, 0.0), (2, 0.4), (4, 0.8)):
        image, text = stage(features, log_z, Progress(step * BATCH, 6 * BATCH, 2 * BATCH, BATCH))
        torch.testing.assert_close(image, log_target(stage.snapshot.image(features[0]), log_z[0], weight))
        torch.testing.assert_close(text, log_target(stage.snapshot.text(features[1]), log_z[1], weight))


@pytest.mark.parametrize("taken", [2, 3, 4])  # before, at and after the step that begins a pass
@pytest.mark.parametrize("options", [{}, {"train_every": 2, "stage_two_lambda": "combined", "objective": "kl"}])
def test_a_resume_is_exact_across_an_epoch(model, options, taken):
    straight = attached(model, **options)
    for step in range(taken):
        take(straight, model, step)
    resumed = attached(model, seed=1, **options)
    resumed.load_state_dict(copy.deepcopy(straight.state_dict()))
    resumed.load_inner_state(copy.deepcopy(straight.inner_state()))
    for step in range(taken, taken + 3):
        (loss, gradient, logs), (other, same, told) = (take(s, model, step) for s in (straight, resumed))
        assert torch.equal(loss, other)
        assert torch.equal(gradient, same)
        assert all(torch.equal(logs[name], told[name]) for name in logs)
    assert torch.equal(weights(straight), weights(resumed))


def test_its_own_optimiser_trains_the_amortisers_and_nobody_else(model):
    strategy = attached(model)
    trained = {name for name, _ in trained_parameters(model, strategy)}
    assert trained == {name for name, _ in model.named_parameters()}
    assert {n for n, p in strategy.named_parameters() if p.requires_grad} == strategy.trains_itself()


@pytest.mark.parametrize("objective", ["l2_log", "kl"])
@pytest.mark.parametrize("pos_coef", [1.0, 0.0])
def test_200_steps_of_unforeseeable_partitions_stay_finite(model, objective, pos_coef):
    """Two pairs in a plane at s = 100: log Z jumps over its whole range of 200, which no amortiser follows."""
    scale = copy.deepcopy(model)
    with torch.no_grad():
        scale.logit_scale.fill_(math.log(100))
    strategy = attached(model, objective=objective, pos_coef=pos_coef)
    plane = torch.zeros(2, model.embed_dim)
    for step in range(200):
        generator = torch.Generator().manual_seed(step)
        angles = torch.rand(2, 2, generator=generator) * 2 * math.pi
        image, text = (plane.index_copy(1, torch.tensor([0, 1]), torch.stack([a.cos(), a.sin()], 1)) for a in angles)
        features = {"image": image.requires_grad_(), "text": text.requires_grad_()}
        output = strategy.loss(scale, features, Progress(2 * step, 400, 100, 2))
        found = torch.autograd.grad(output.loss, (*features.values(), scale.logit_scale))
        assert all(torch.isfinite(value).all() for value in (output.loss, *found, *output.logs.values()))
        inner = [p.grad for p in strategy.stage_one.amortizers.parameters()]
        assert torch.cat([gradient.flatten() for gradient in inner]).norm() < 1 + 1e-4  # clipped
    assert torch.isfinite(weights(strategy)).all()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("objective", ["l2_log", "kl"])
def test_200_steps_of_towers_at_the_largest_scale_stay_finite(objective, precision):
    model, place = build(ARCH, image_size=16, text_length=8, seed=0), Place(torch.device("cpu"), "test")
    strategy, phase = attached(model, objective=objective), Phase(400, 16, 8)
    with torch.no_grad():
        model.logit_scale.fill_(math.log(100)).requires_grad_(False)
    optimizer = torch.optim.AdamW([p for _, p in trained_parameters(model, strategy)], lr=1e-3)
    step, generator = GlobalStep(model, strategy, place, precision, seed=0), torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 2, 3, 16, 16), generator=generator, dtype=torch.uint8)
    texts = torch.randint(1, 200, (20, 2, 8), generator=generator)
    for index in range(200):
        batch = Batch(images[index % 20], texts[index % 20], Noise(0, 2 * index, 2, slice(0, 2), place.device))
        output = step([batch], phase, Progress(2 * index, 400, 40, 2))
        optimizer.step()
        optimizer.zero_grad()
        assert all(torch.isfinite(value) for value in (output.loss, *output.logs.values()))
    assert all(torch.isfinite(p).all() for p in (*model.parameters(), *strategy.parameters()))


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_the_cost_of_an_amortiser_is_what_the_counter_finds(factor):
    one = trace(Amortizer(ARCH.embed_dim, factor), torch.empty(1, ARCH.embed_dim)).macs / 1e9
    with_snapshot, without = (passes(width_factor=factor, beta_max=beta).forward_gmacs for beta in (0.8, 0))
    assert with_snapshot - without == pytest.approx(2 * one)
    made = sum(p.numel() for p in Amortizer(ARCH.embed_dim, factor).parameters())
    assert passes(width_factor=factor).extra_params_m == pytest.approx(2 * made / 1e6)


@pytest.mark.parametrize("options", [{}, {"stage_two_lambda": "combined"}, {"beta_max": 0.0}, {"online_steps": 2}])
def test_the_cost_is_what_is_computed(model, options):
    """Counted while a step of the last epoch is taken."""
    options = {"train_every": 1, **options}
    strategy, progress = attached(model, **options), Progress(11 * BATCH, 12 * BATCH, 6 * BATCH, BATCH)
    image, text = unit(model, 0).requires_grad_(), unit(model, 1).requires_grad_()
    with FlopCounterMode(display=False) as counter:
        strategy.loss(model, {"image": image, "text": text}, progress).loss.backward()
    planned = passes(**options)
    macs = (3 * planned.extra_gmacs + planned.forward_gmacs) * 1e9
    assert counter.get_total_flops() == pytest.approx(2 * BATCH * macs)


def test_amortisers_that_are_trained_more_rarely_cost_less():
    product = BATCH * ARCH.embed_dim / 1e9
    often, rarely = (passes(train_every=every).extra_gmacs - product for every in (1, 8))
    assert often == pytest.approx(8 * rarely)


def test_a_run_that_is_shorter_than_the_schedule_is_refused(make_spec):
    (problem,) = AmorLip.length_problems(AmorLip.Config(), make_spec(samples_seen=8192, pairs=7374), ARCH)
    assert problem == (
        "AmorLIP's schedule needs at least 2 epochs, 8,192 samples of 7,374 pairs are 1.1; "
        "raise the budget, lower size, or set beta_max: 0"
    )
    assert not AmorLip.length_problems(AmorLip.Config(), make_spec(samples_seen=512, pairs=256), ARCH)
    assert not AmorLip.length_problems(AmorLip.Config(), make_spec(samples_seen=496, pairs=256), ARCH)
    assert AmorLip.length_problems(AmorLip.Config(), make_spec(samples_seen=480, pairs=256), ARCH)
    assert not AmorLip.length_problems(AmorLip.Config(beta_max=0), make_spec(samples_seen=32, pairs=256), ARCH)


def test_a_batch_with_nothing_to_sum_is_refused(make_spec):
    alone = make_spec(global_batch_size=1)
    (problem,) = AmorLip.problems(AmorLip.Config(pos_coef=0), alone, ARCH)
    assert (
        problem == "AmorLIP without positives has nothing to sum in a batch of 1; raise global_batch_size or pos_coef"
    )
    assert not AmorLip.problems(AmorLip.Config(), alone, ARCH)
    assert not AmorLip.problems(AmorLip.Config(pos_coef=0), make_spec(global_batch_size=2), ARCH)
