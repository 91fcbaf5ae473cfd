"""CLIP-Lite's bound, critic and prior by hand, what it trains, and what it is counted to cost."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from study.measure.flops import trace
from study.models import resolve
from study.records import PluginRef
from study.strategies.base import Phase, Progress
from study.strategies.clip_lite import ClipLite, Critic, Discriminator, jsd_bound, prior_loss, scores
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.step import GlobalStep
from tests.strategies.parts import ROWS, make_spec_for, pairs, parts

TOWERS = ["vit_pico", "resnet_pico", "convnext_pico", "swin_pico"]


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def uniform(*shape, seed=0, dtype=torch.float64):
    return torch.rand(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def step(model, strategy, arch, phase, precision="fp32"):
    on_cpu = Place(torch.device("cpu"), "test")
    return GlobalStep(model, strategy, on_cpu, precision, 0)([pairs(arch, phase)], phase, Progress(0, 640, 64, ROWS))


def test_the_bound_at_zero_scores_is_2_ln_2():
    assert jsd_bound(torch.zeros(5), torch.zeros(5)).item() == pytest.approx(2 * math.log(2))


def test_the_bound_by_hand():
    positive, negative = [2.0, -1.0], [0.5, -3.0]
    expected = sum(math.log(1 + math.exp(-t)) for t in positive) / 2
    expected += sum(math.log(1 + math.exp(t)) for t in negative) / 2
    found = jsd_bound(torch.tensor(positive).double(), torch.tensor(negative).double())
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_scores_by_hand():
    f, g = torch.tensor([[3.0, 4.0], [1.0, 0.0]]), torch.tensor([[8.0, 6.0], [0.0, 2.0]])
    assert scores(f, g, 10.0).tolist() == pytest.approx([10 * (24 + 24) / (5 * 10), 0.0])


def test_gradients_agree_with_finite_differences():
    f, g = normal(4, 3, seed=1).requires_grad_(), normal(4, 3, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(lambda f, g: jsd_bound(scores(f, g, 9.0), scores(f, g.roll(-1, 0), 9.0)), (f, g))
    discriminator = Discriminator(3).double()
    noise = uniform(4, 3)
    assert torch.autograd.gradcheck(lambda f: prior_loss(f, noise, discriminator), (f,))


def test_a_head_by_hand():
    torch.manual_seed(0)
    head = Critic(3, 5, units=4).double().image
    x = normal(6, 3)
    first, _, _, last = head.nonlinear
    assert first.bias is None
    hidden = x @ first.weight.T
    hidden = (hidden - hidden.mean(0)) / (hidden.var(0, unbiased=False) + 1e-5).sqrt()
    total = hidden.clamp(min=0) @ last.weight.T + last.bias + x @ head.shortcut.weight.T + head.shortcut.bias
    centred = total - total.mean(1, keepdim=True)
    expected = centred / (total.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(head(x), expected)


@pytest.mark.parametrize(("width", "units"), [(6, 6), (4, 6), (6, 4)])
def test_a_shortcut_starts_near_the_identity(width, units):
    weight = Critic(width, width, units).text.shortcut.weight
    assert weight.shape == (units, width)
    assert (weight - torch.eye(units, width)).abs().max() <= 0.01
    assert weight.std() > 0


def test_a_critic_can_be_made_again_from_its_options():
    head = Critic(3, 5, units=4).text
    assert head.options == {"width": 5, "units": 4}
    again = type(head)(**head.options)
    again.load_state_dict(head.state_dict())
    assert torch.equal(again.eval()(normal(2, 5).float()), head.eval()(normal(2, 5).float()))


def test_the_next_text_of_the_batch_is_the_negative():
    model, strategy, _, _ = parts("clip_lite", "vit_pico")
    image, text = normal(4, model.image_width).float(), normal(4, model.text_width, seed=1).float()
    noise = {
        "uniform_image": uniform(4, model.image_width).float(),
        "uniform_text": uniform(4, model.text_width).float(),
    }
    output = strategy.loss(model, {"image": image, "text": text, **noise}, Progress(0, 64, 64, 4))
    scale = model.logit_scale.exp()
    assert scale.item() == pytest.approx(1 / 0.07)
    negatives = text[[1, 2, 3, 0]]  # through the critic on their own: its batch norms see the same batch
    bound = jsd_bound(strategy.critic(image, text), strategy.critic(image, negatives, scale))
    priors = sum(
        prior_loss(x, noise[f"uniform_{m}"], strategy.discriminators[m]) for m, x in (("image", image), ("text", text))
    )
    torch.testing.assert_close(output.logs["jsd_bound"], bound)
    torch.testing.assert_close(output.loss, 0.9 * bound + 0.1 * priors)


def test_the_prior_by_hand():
    discriminator = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid()).double()
    features, noise = normal(5, 3), uniform(5, 3)
    expected = -(discriminator(noise).log().mean() + (1 - discriminator(features)).log().mean())
    assert prior_loss(features, noise, discriminator).item() == pytest.approx(expected.item(), rel=1e-9)


def test_the_prior_of_a_discriminator_that_cannot_tell_is_2_ln_2():
    assert prior_loss(normal(4, 3), uniform(4, 3), lambda x: x[:, :1] * 0 + 0.5).item() == pytest.approx(
        2 * math.log(2)
    )


def test_the_prior_is_finite_in_half_precision_and_when_the_discriminator_is_certain_and_wrong():
    discriminator = Discriminator(4)
    nn.init.constant_(discriminator[4].bias, 200.0)
    features = (1e3 * normal(4, 4)).to(torch.bfloat16).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = prior_loss(features, uniform(4, 4).to(torch.bfloat16), discriminator)
    loss.backward()
    assert loss.dtype == torch.float32
    assert 50 < loss.item() < 200
    assert torch.isfinite(features.grad).all()


def test_the_discriminator_has_the_papers_widths():
    layers = [layer for layer in Discriminator(64) if isinstance(layer, nn.Linear)]
    assert [layer.weight.shape for layer in layers] == [(1000, 64), (200, 1000), (1, 200)]
    probabilities = Discriminator(64)(normal(7, 64).float())
    assert probabilities.shape == (7, 1)
    assert 0 < probabilities.min() < probabilities.max() < 1


def test_an_adversarial_prior_turns_the_gradient_of_the_features_alone():
    found = {}
    for adversarial in (False, True):
        torch.manual_seed(0)
        strategy = ClipLite(ClipLite.Config(adversarial_prior=adversarial, units=8))
        _, strategy.discriminators = strategy._extras(6, 5)
        image = normal(4, 6).float().requires_grad_()
        noise = {"uniform_image": uniform(4, 6).float(), "uniform_text": uniform(4, 5).float()}
        loss = strategy._prior({"image": image, "text": normal(4, 5).float(), **noise})
        loss.backward()
        found[adversarial] = (loss.item(), image.grad, strategy.discriminators["image"][0].weight.grad)
    assert found[True][0] == found[False][0]
    assert torch.equal(found[True][1], -found[False][1])
    assert torch.equal(found[True][2], found[False][2])


def test_a_batch_of_one_is_refused():
    arch = resolve(PluginRef(name="vit_pico"))
    spec = make_spec_for(arch).model_copy(update={"global_batch_size": 1})
    (problem,) = ClipLite.problems(ClipLite.Config(), spec, arch)
    assert problem == (
        "CLIP-Lite takes its negative from the next pair of the batch, and a batch of 1 has none; "
        "take a global_batch_size of at least 2"
    )


@pytest.mark.parametrize("tower", TOWERS)
def test_it_trains_just_what_its_loss_depends_on(tower):
    model, strategy, (phase,), arch = parts("clip_lite", tower)
    step(model, strategy, arch, phase)
    trained = trained_parameters(model, strategy)
    assert [name for name, p in trained if p.grad is None] == []
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert len(frozen) == 2
    assert all("proj" in name for name in frozen)


def test_a_batch_of_two_at_the_largest_scale_stays_finite_in_half_precision():
    model, strategy, (phase,), arch = parts("clip_lite", "vit_pico")
    with torch.no_grad():
        model.logit_scale.fill_(math.log(100))
    batch = pairs(arch, phase, slice(0, 2))
    batch.noise.size = 2
    optimizer = torch.optim.AdamW([p for _, p in trained_parameters(model, strategy)], lr=1e-2)
    for _ in range(20):
        output = GlobalStep(model, strategy, Place(torch.device("cpu"), "test"), "bf16", 0)(
            [batch], phase, Progress(0, 640, 64, 2)
        )
        assert torch.isfinite(output.loss)
        assert all(torch.isfinite(p.grad).all() for _, p in trained_parameters(model, strategy))
        optimizer.step()
        optimizer.zero_grad()


class AllThatIsCounted(nn.Module):
    """One pass of the critic and of the discriminators, as the loss makes them."""

    def __init__(self, critic, priors):
        super().__init__()
        self.critic, self.priors = critic.eval(), priors

    def forward(self, image, text):
        outputs = [self.critic.image(image), self.critic.text(text)]
        return outputs + [self.priors[m](x) for m, x in (("image", image), ("text", text)) for _ in range(2)]


@pytest.mark.parametrize("tower", ["vit_pico", "swin_pico"])
def test_the_counted_cost_is_that_of_the_modules(tower):
    arch = resolve(PluginRef(name=tower))
    strategy = ClipLite(ClipLite.Config(units=96))
    with torch.device("meta"):
        modules = AllThatIsCounted(*strategy._extras(arch.image_width, arch.text_width))
        traced = trace(modules, torch.empty(1, arch.image_width), torch.empty(1, arch.text_width))
    passes = strategy.passes(Phase(64, 32, 16), arch, 1024)
    first = 1000 * (arch.image_width + arch.text_width)  # of the noise, forward and for the weights
    assert passes.extra_gmacs * 1e9 == pytest.approx(traced.macs + 2 * 96 - first)  # and two products of embeddings
    assert passes.forward_gmacs * 1e9 == pytest.approx(2 * first)
    assert passes.extra_params_m * 1e6 == pytest.approx(sum(p.numel() for p in modules.parameters()))
    assert passes == strategy.passes(Phase(64, 32, 16), arch, 2)  # nothing grows with the batch


def test_the_embedding_is_that_of_the_critics_heads():
    model, strategy, _, _ = parts("clip_lite", "vit_pico")
    model.eval(), strategy.eval()
    images = normal(2, 3, 32, 32).float()
    texts = torch.tensor([[1, 2, 3], [4, 5, 6]])
    torch.testing.assert_close(
        strategy.image_embedding(model, images), strategy.critic.image(model.image(images).backbone)
    )
    torch.testing.assert_close(strategy.text_embedding(model, texts), strategy.critic.text(model.text(texts).backbone))
    assert F.normalize(strategy.text_embedding(model, texts), dim=-1).shape == (2, strategy.config.units)


def test_the_critic_scores_pairs_by_the_cosine_of_its_heads():
    critic = Critic(8, 6, units=16).double().eval()
    image, text = torch.randn(5, 8).double(), torch.randn(5, 6).double()
    cosine = torch.cosine_similarity(critic.image(image), critic.text(text))
    torch.testing.assert_close(critic(image, text), cosine / 0.07)
    torch.testing.assert_close(critic(image, text, 3.0), 3 * cosine)
