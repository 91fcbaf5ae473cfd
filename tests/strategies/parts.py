"""Real pieces to try a strategy on: its model with a tiny tower, a batch of pairs, and the gradients they give."""

import pytest
import torch

from study.models import build, resolve, size_problem
from study.records import DataRef, PluginRef, RunSpec
from study.strategies import STRATEGIES
from study.strategies.base import Batch, Noise

ROWS = 8
# the papers' widths are slow here, and a few steps must see everything
OPTIONS = {
    "amorlip": {"train_every": 1, "online_steps": 2},
    "clip_lite": {"units": 32},
    "flip": {"unmasked_share": 0.1},
    "slip": {"hidden": 16},
}


def config_of(name):
    return STRATEGIES.load(name).Config(name=name, **OPTIONS.get(name, {}))


SIZES = {"reclip": 64}  # half of which every family takes


def make_spec_for(arch, name="clip"):
    """A run of 800 steps of a strategy with its options here."""
    data = DataRef(source=PluginRef(name="embedded"), unique_pairs=64, fingerprint="0" * 12)
    ref = PluginRef(name=arch.name)
    strategy, size = PluginRef(name=name, options=OPTIONS.get(name, {})), SIZES.get(name)
    return RunSpec(data=data, arch=ref, strategy=strategy, samples_seen=6400, global_batch_size=ROWS, image_size=size)


def refusals(name, tower):
    """Why a plan refuses a strategy on a tower: the strategy's own reasons, or sizes that the tower cannot take."""
    arch, kind, config = resolve(PluginRef(name=tower)), STRATEGIES.load(name), config_of(name)
    spec = make_spec_for(arch, name)
    if own := list(kind.problems(config, spec, arch)):
        return own
    problems = [size_problem(arch, phase.image_size) for phase in kind(config).phases(spec, arch)]
    return [problem for problem in problems if problem]


def parts(name, tower, seed=0):
    """A strategy, its model and its phases, or a skip with the reason for refusing."""
    for reason in refusals(name, tower):
        pytest.skip(reason)
    arch = resolve(PluginRef(name=tower))
    torch.manual_seed(seed)
    strategy = STRATEGIES.load(name)(config_of(name))
    phases = strategy.phases(make_spec_for(arch, name), arch)
    model = build(arch, phases[0].image_size, phases[0].text_length, seed)
    strategy.attach(model)
    return model, strategy, phases, arch


def pairs(arch, phase, rows=slice(0, ROWS)):
    """Some rows of one batch of random images and texts."""
    generator = torch.Generator().manual_seed(1)
    size, length = phase.image_size, phase.text_length
    images = torch.randint(0, 256, (ROWS, 3, size, size), generator=generator, dtype=torch.uint8)
    end = arch.config["text_cfg"]["vocab_size"] - 1
    texts = torch.randint(1, end, (ROWS, length), generator=generator)
    texts[:, -1] = end
    noise = Noise(0, 0, ROWS, rows, torch.device("cpu"))
    return Batch(images[rows], texts[rows], noise)


def gradients(model, strategy):
    """The gradients of both towers, the logit scale and the strategy's own modules, by name."""
    named = [*model.named_parameters(), *((f"strategy.{n}", p) for n, p in strategy.named_parameters())]
    return {name: p.grad.clone() for name, p in named if p.grad is not None}
