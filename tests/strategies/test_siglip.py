"""SigLIP's loss by hand and against open_clip's, and its bias through training and checkpoints."""

import math

import pytest
import torch
import torch.nn.functional as F
from open_clip.loss import SigLipLoss

from study.models import build, resolve
from study.optim.adamw import decays
from study.records import PluginRef
from study.strategies.base import Progress
from study.strategies.siglip import SigLip, sigmoid_loss
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.step import GlobalStep
from tests.strategies.parts import ROWS, pairs, parts


def unit(rows, width, seed):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(rows, width, dtype=torch.float64, generator=generator), dim=-1)


def number(value):
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def test_the_loss_by_hand():
    u, v, s, b = unit(3, 4, 0), unit(3, 4, 1), 7.0, -2.0
    total = 0.0
    for i in range(3):
        for j in range(3):
            z = 1 if i == j else -1
            total += math.log(1 + math.exp(-z * (s * (u[i] @ v[j]).item() + b)))
    assert sigmoid_loss(u, v, s, b).item() == pytest.approx(total / 3, rel=1e-12)


@pytest.mark.parametrize(("scale", "bias"), [(10.0, -10.0), (100.0, -16.5), (1.0, 0.0)])
def test_the_loss_is_open_clips(scale, bias):
    u, v = unit(6, 8, 2), unit(6, 8, 3)
    expected = SigLipLoss()(u, v, torch.tensor(scale).double(), torch.tensor(bias).double())
    assert sigmoid_loss(u, v, scale, bias).item() == pytest.approx(expected.item(), rel=1e-12)


def test_a_pair_that_tells_nothing_costs_ln_2():
    assert sigmoid_loss(unit(5, 4, 4), unit(5, 4, 5), 0.0, 0.0).item() == pytest.approx(5 * math.log(2))


def test_gradients_agree_with_finite_differences():
    u, v = unit(3, 4, 6).requires_grad_(), unit(3, 4, 7).requires_grad_()
    assert torch.autograd.gradcheck(sigmoid_loss, (u, v, number(3.0), number(-1.0)))


def test_the_loss_stays_finite_in_half_precision_at_the_largest_scale():
    u = unit(2, 8, 8).to(torch.bfloat16)
    assert torch.isfinite(sigmoid_loss(u, -u, 100.0, -10.0))


def test_features_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match="features differ in shape"):
        sigmoid_loss(unit(2, 3, 0), unit(3, 3, 1), 1.0, 0.0)


def test_scale_and_bias_start_where_the_paper_has_them():
    model, _, _, _ = parts("siglip", "vit_pico")
    assert model.logit_scale.exp().item() == pytest.approx(10)
    assert model.logit_bias.item() == -10


def test_a_bias_that_the_architecture_has_is_started_too():
    arch = resolve(PluginRef(name="ViT-B-16-SigLIP"))
    model = build(arch, device="meta")
    assert model.logit_bias is not None
    with torch.device("cpu"):
        model.clip.logit_scale = torch.nn.Parameter(torch.zeros(model.logit_scale.shape))
        SigLip(SigLip.Config(bias_init=-5.0, scale_init=20.0)).attach(model)
    assert model.logit_bias.flatten().tolist() == [-5.0]
    assert model.logit_scale.exp().item() == pytest.approx(20)


def test_the_bias_is_trained_without_decay_and_is_in_the_checkpoint():
    model, strategy, (phase,), arch = parts("siglip", "vit_pico")
    trained = dict(trained_parameters(model, strategy))
    assert trained["clip.logit_bias"] is model.logit_bias
    assert not decays("clip.logit_bias", model.logit_bias)
    GlobalStep(model, strategy, Place(torch.device("cpu"), "test"), "fp32", 0)(
        [pairs(arch, phase)], phase, Progress(0, 640, 64, ROWS)
    )
    assert model.logit_bias.grad.item() != 0
    with torch.no_grad():
        model.logit_bias.fill_(-7)
    again, _, _, _ = parts("siglip", "vit_pico", seed=1)
    again.load_state_dict(model.state_dict())
    assert again.logit_bias.item() == -7


def test_clips_loss_is_logged():
    from study.strategies.clip import info_nce

    model, strategy, _, _ = parts("siglip", "vit_pico")
    u, v = unit(4, 8, 9).float(), unit(4, 8, 10).float()
    output = strategy.loss(model, {"image": u, "text": v}, Progress(0, 640, 64, 4))
    torch.testing.assert_close(output.logs["contrastive_loss"], info_nce(u, v, 10.0))
    torch.testing.assert_close(output.loss, sigmoid_loss(u, v, 10.0, -10.0))
