"""What a strategy says that it computes is what it computes, by torch's own counter."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from study.measure.counts import CountsCache
from study.plan.cost import FLOPS_A_GMAC, Counter
from study.strategies import STRATEGIES
from study.strategies.base import Progress
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.step import GlobalStep
from tests.strategies.parts import ROWS, make_spec_for, pairs, parts


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    return Counter(CountsCache(tmp_path_factory.mktemp("counts") / "counts.json"), print)


def counted(step):
    # a fused attention recomputes its weights in the backward pass, which is no model FLOP
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as mode:
        step()
    return mode.get_total_flops()


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_the_modules_and_products_beside_the_towers(name):
    model, strategy, phases, arch = parts(name, "vit_pico")
    features = GlobalStep(model, strategy, Place(torch.device("cpu"), "test"), "fp32", 0)._embed(
        pairs(arch, phases[0]), phases[0], grad=False
    )
    leaves = {key: value.clone().requires_grad_(key not in strategy.inputs) for key, value in features.items()}
    found = counted(lambda: strategy.loss(model, leaves, Progress(88 * ROWS, 100 * ROWS, 64, ROWS)).loss.backward())
    passes = strategy.passes(phases[0], arch, ROWS)
    told = ROWS * (3 * passes.extra_gmacs + passes.forward_gmacs) * FLOPS_A_GMAC
    assert found == pytest.approx(told, rel=0.005)


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_whole_step(name, counter):
    model, strategy, phases, arch = parts(name, "vit_pico")
    step = GlobalStep(model, strategy, Place(torch.device("cpu"), "test"), "fp32", 0)
    found = counted(lambda: step([pairs(arch, phases[0])], phases[0], Progress(88 * ROWS, 100 * ROWS, 64, ROWS)))
    told = ROWS * counter.gmacs_a_sample(make_spec_for(arch, name), arch, strategy, phases[0]) * FLOPS_A_GMAC
    assert found == pytest.approx(told, rel=0.001)


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_its_own_parameters(name):
    model, strategy, phases, arch = parts(name, "vit_pico")
    own = sum(p.numel() for p in strategy.parameters() if p.requires_grad)
    assert strategy.passes(phases[0], arch, ROWS).extra_params_m == pytest.approx(own / 1e6, abs=1e-9)
    assert {n for n, p in trained_parameters(model, strategy)} >= {"clip.logit_scale"}
