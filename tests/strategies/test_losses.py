"""The losses, checked by their properties and by finite differences in float64."""

import math

import pytest
import torch
import torch.nn.functional as F

from study.models import resolve
from study.records import PluginRef
from study.strategies.amorlip import Amortizer, log_partition, stage_one_l2log, stage_two_loss
from study.strategies.base import Progress
from study.strategies.clip import info_nce
from study.strategies.flip import Flip, keep_indices, patches_kept
from study.strategies.slip import ProjectionHead, simclr_loss


def unit(rows, width, seed):
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(rows, width, dtype=torch.float64, generator=generator), dim=-1)


def test_info_nce_by_hand():
    u, v = unit(5, 4, 0), unit(5, 4, 1)
    logits = 7.0 * u @ v.T
    by_rows = -(logits.diag() - logits.exp().sum(1).log()).mean()
    by_columns = -(logits.diag() - logits.exp().sum(0).log()).mean()
    torch.testing.assert_close(info_nce(u, v, 7.0), (by_rows + by_columns) / 2)


def test_info_nce_of_equal_features_is_log_of_the_batch():
    u = F.normalize(torch.ones(6, 3, dtype=torch.float64), dim=-1)
    assert info_nce(u, u, 50.0).item() == pytest.approx(math.log(6))


def test_info_nce_refuses_other_shapes():
    with pytest.raises(ValueError, match="features differ in shape"):
        info_nce(unit(2, 3, 0), unit(3, 3, 1), 1.0)


@pytest.mark.parametrize(
    "loss",
    [
        lambda u, v: info_nce(u, v, torch.tensor(14.0, dtype=torch.float64)),
        lambda u, v: simclr_loss(u, v, 0.1),
        lambda u, v: stage_two_loss(u, v, 9.0, torch.zeros(4).double(), torch.ones(4).double(), 0.5),
        lambda u, v: sum(z.sum() for z in log_partition(u, v, 9.0, 1e-3)),
    ],
    ids=["info_nce", "simclr", "stage_two", "log_partition"],
)
def test_gradients_agree_with_finite_differences(loss):
    u, v = unit(4, 3, 2).requires_grad_(), unit(4, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(loss, (u, v))


def test_simclr_by_hand_for_two_pairs():
    a, b = unit(2, 3, 4), unit(2, 3, 5)
    z = torch.cat([a, b])
    total = 0.0
    for i, partner in enumerate((2, 3, 0, 1)):
        others = [math.exp((z[i] @ z[j]).item() / 0.5) for j in range(4) if j != i]
        total -= (z[i] @ z[partner]).item() / 0.5 - math.log(sum(others))
    assert simclr_loss(3 * a, 0.1 * b, 0.5).item() == pytest.approx(total / 4)  # normalised inside


def test_simclr_is_finite_in_half_precision():
    a, b = unit(4, 8, 6).to(torch.bfloat16), unit(4, 8, 7).to(torch.bfloat16)
    assert torch.isfinite(simclr_loss(a, b, 0.1))


def test_simclr_head_has_two_norms_and_three_linear_layers():
    head = ProjectionHead(768)
    assert sum(p.numel() for p in head.parameters()) == pytest.approx(21.0e6, rel=0.01)  # arXiv:2112.12750
    assert head(torch.randn(4, 768)).shape == (4, 256)


@pytest.mark.parametrize(("ratio", "kept"), [(0.0, 49), (0.5, 24), (0.75, 12), (0.99, 1)])
def test_patches_kept_are_rounded_down_but_at_least_one(ratio, kept):
    assert patches_kept(49, ratio) == kept


@pytest.mark.parametrize(("patches", "ratio"), [(0, 0.5), (49, 1.0), (49, -0.1)])
def test_patches_kept_refuses_nonsense(patches, ratio):
    with pytest.raises(ValueError, match="need patches >= 1"):
        patches_kept(patches, ratio)


def test_the_smallest_noise_is_kept():
    noise = torch.tensor([[0.3, 0.1, 0.2, 0.9], [0.5, 0.6, 0.4, 0.0]])
    assert keep_indices(noise, 2).tolist() == [[1, 2], [3, 2]]
    with pytest.raises(ValueError, match="cannot keep 5 of 4"):
        keep_indices(noise, 5)


def test_log_partition_by_hand():
    u, v = unit(3, 4, 8), unit(3, 4, 9)
    terms = (5.0 * u @ v.T).exp()
    weighed = terms - torch.diag(terms.diag()) + 0.25 * torch.diag(terms.diag())
    image, text = log_partition(u, v, 5.0, 0.25)
    torch.testing.assert_close(image, weighed.sum(1).log())
    torch.testing.assert_close(text, weighed.sum(0).log())


def test_log_partition_without_positives_keeps_its_digits_at_a_large_scale():
    u = unit(4, 8, 10)
    image, _ = log_partition(u, u, 100.0, 0.0)
    logits = 100.0 * (u @ u.T)
    exact = torch.stack([torch.cat([row[:i], row[i + 1 :]]).logsumexp(0) for i, row in enumerate(logits)])
    torch.testing.assert_close(image, exact, rtol=1e-12, atol=0)


def test_stage_two_with_the_true_partition_has_twice_clips_gradient():
    u, v = unit(6, 5, 11).requires_grad_(), unit(6, 5, 12).requires_grad_()
    s = torch.tensor(12.0, dtype=torch.float64, requires_grad=True)
    expected = torch.autograd.grad(info_nce(u, v, s), (u, v, s))
    image, text = (z.detach() for z in log_partition(u, v, s, 1.0))
    found = torch.autograd.grad(stage_two_loss(u, v, s, image, text, 1.0), (u, v, s))
    for twice, once in zip(found, expected, strict=True):
        torch.testing.assert_close(twice, 2 * once, rtol=1e-10, atol=1e-12)


def test_l2log_by_hand():
    assert stage_one_l2log(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.5])).item() == pytest.approx(2.125)


def test_an_amortizer_maps_rows_to_numbers_and_stays_in_fp32_under_autocast():
    amortizer = Amortizer(8, 0.5)
    with torch.autocast("cpu", torch.bfloat16):
        out = amortizer(torch.randn(5, 8).to(torch.bfloat16))
    assert out.shape == (5,)
    assert out.dtype == torch.float32


def test_flip_without_a_batch_to_tune_on_is_refused(make_spec):
    config, arch = Flip.Config(unmasked_share=0.01), resolve(PluginRef(name="vit_pico"))
    (problem,) = Flip.length_problems(config, make_spec(samples_seen=320), arch)
    assert problem.startswith("FLIP's unmasked_share 0.01 of 10 batches is less than half a batch")
    assert not Flip.length_problems(config, make_spec(samples_seen=3200), arch)
    assert not Flip.length_problems(Flip.Config(unmasked_share=0), make_spec(samples_seen=320), arch)


@pytest.mark.parametrize(("samples", "epochs"), [(1950, 2), (2000, 2), (2048, 2), (2200, 3)])
def test_a_budget_in_epochs_is_that_many_whatever_its_rounding(samples, epochs):
    assert Progress(0, samples, 1000, 128).epochs == epochs
