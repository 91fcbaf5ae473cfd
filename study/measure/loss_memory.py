"""Memory of a strategy's loss in a training step, without training: it is taken of fake features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import torch

from study.measure.weightless import Weightless, weightless
from study.models import Arch
from study.predict.memory import LossMemory
from study.strategies.base import Phase, Progress, Strategy
from study.strategies.trained import trained_parameters

# In the midst of training: in the last of several epochs, not at its start, at a multiple of most numbers of steps.
_STEP, _STEPS_AN_EPOCH, _STEPS = 5040, 1500, 6000


def loss_memory(
    arch: Arch, strategy: Strategy, phase: Phase, shapes: Mapping[str, Sequence[int]], batch: int
) -> LossMemory:
    """What the loss of a global batch of ``batch`` pairs takes, whose features have these shapes a pair.

    It is taken twice, since the first time makes what stays between steps. ``strategy`` itself is left as it is.
    """
    model, strategy = weightless(arch, strategy, phase)
    changes = model.allocations.changes
    _differentiate(model, strategy, shapes, batch)
    for _, parameter in trained_parameters(model, strategy):
        parameter.grad = None
    before = len(changes)
    until_the_end = _differentiate(model, strategy, shapes, batch)
    held = list(accumulate(change.bytes for change in changes))
    del until_the_end
    states = held[before - 1]
    return LossMemory(peak=max(held[before:]) - states, kept=held[-1] - states, states=states)


def _differentiate(model: Weightless, strategy: Strategy, shapes: Mapping[str, Sequence[int]], batch: int) -> object:
    """Take a step's loss and differentiate it; the result is what a step has until its end."""
    progress = Progress(_STEP * batch, _STEPS * batch, _STEPS_AN_EPOCH * batch, batch)
    with model.mode, model.allocations:
        features = {
            name: torch.empty(batch, *shape, requires_grad=name not in strategy.inputs)
            for name, shape in shapes.items()
        }
        output = strategy.loss(model, features, progress)
        output.loss.backward()  # type: ignore[no-untyped-call]
    return features, output
