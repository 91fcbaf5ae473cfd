import pytest
import torch

from study.optim import adamw, learning_rate


def rates(schedule, warmup=0.1, cooldown=0.2, steps=100):
    return [learning_rate(1.0, i / steps, 1 / steps, schedule, warmup, cooldown) for i in range(steps)]


def test_warm_up_rises_linearly_from_above_zero_to_the_peak():
    values = rates("cosine")
    assert values[0] == pytest.approx(0.1)
    assert values[9] == pytest.approx(1.0)
    assert values[:10] == sorted(values[:10])


def test_cosine_is_half_way_down_in_the_middle_and_nearly_zero_at_the_end():
    values = rates("cosine", warmup=0.0)
    assert values[0] == 1.0
    assert values[50] == pytest.approx(0.5)
    assert 0 < values[-1] < 0.001


def test_constant_falls_linearly_over_the_cooldown_only():
    values = rates("constant")
    assert values[10:81] == pytest.approx([1.0] * 71)
    assert values[90] == pytest.approx(0.5)
    assert values[99] == pytest.approx(0.05)


def test_constant_without_cooldown_stays():
    assert rates("constant", warmup=0.0, cooldown=0.0) == [1.0] * 100


def test_only_parameters_of_two_dimensions_decay():
    layer = torch.nn.Linear(3, 2)
    scale = torch.nn.Parameter(torch.tensor(1.0))
    chosen = {"lr": 0.1, "weight_decay": 0.5, "beta1": 0.9, "beta2": 0.98, "eps": 1e-8}
    table = torch.nn.Parameter(torch.ones(3, 3))
    named = [*layer.named_parameters(), ("logit_scale", scale), ("attn.relative_position_bias_table", table)]
    optimizer = adamw(named, chosen)
    for _, p in named:
        p.grad = torch.zeros_like(p)
    before = layer.weight.detach().clone(), layer.bias.detach().clone()
    optimizer.step()
    torch.testing.assert_close(layer.weight, before[0] * (1 - 0.1 * 0.5))
    torch.testing.assert_close(layer.bias, before[1])
    assert scale.item() == 1.0
    assert torch.equal(table, torch.ones(3, 3))
