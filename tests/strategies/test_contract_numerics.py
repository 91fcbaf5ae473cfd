"""The hardest numbers: the largest scale, the smallest batch, half precision."""

import math

import pytest
import torch

from study.strategies import STRATEGIES
from study.strategies.base import Batch, Noise, Progress
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.step import GlobalStep
from tests.strategies.parts import pairs, parts

STEPS, PAIRS = 200, 2


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", STRATEGIES.names())
def test_200_steps_of_two_pairs_at_the_largest_scale_stay_finite(name, precision):
    model, strategy, phases, arch = parts(name, "vit_pico")
    parameters = [p for _, p in trained_parameters(model, strategy)]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    step = GlobalStep(model, strategy, Place(torch.device("cpu"), "test"), precision, seed=0)
    whole = pairs(arch, phases[0])
    losses = []
    for index in range(STEPS):
        with torch.no_grad():
            model.logit_scale.fill_(math.log(100))
        noise = Noise(0, index * PAIRS, PAIRS, slice(0, PAIRS), torch.device("cpu"))
        batch = Batch(whole.images[:PAIRS], whole.texts[:PAIRS], noise)
        output = step([batch], phases[0], Progress(index * PAIRS, STEPS * PAIRS, 100, PAIRS))
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(output.loss.detach())
    assert torch.stack(losses).isfinite().all()
    assert all(parameter.isfinite().all() for parameter in parameters)
