"""Memory of the towers in a training step, without training: fake tensors pass them, and allocations are followed.

What an operator's kernel takes for itself is not seen, nor what an allocator adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from study.measure.allocations import Change
from study.measure.followed import freed, held_after
from study.measure.memory_cache import Setting
from study.measure.sharded_memory import Completed, sharded
from study.measure.weightless import Weightless, autocast, weightless
from study.models import Arch
from study.predict.memory import TowersMemory
from study.predict.memory_sharded import MOMENTS
from study.predict.moments import peaks
from study.strategies.base import Batch, Features, Noise, Phase, Strategy
from study.strategies.trained import trained_parameters

_FEW = 2  # real pairs, of which views are made


def towers_memory(arch: Arch, strategy: Strategy, phase: Phase, setting: Setting) -> TowersMemory:
    """What the towers take in a phase for any micro-batch; ``strategy`` itself is left as it is.

    Raises PlanError for an image size the tower cannot take.
    """
    model, strategy = weightless(arch, strategy, phase, setting.checkpointing)
    changes = model.allocations.changes
    towers = [*model.clip.visual.parameters(), *model.clip.text.parameters()]
    completed = _when_complete(model, towers)
    features = _embed(model, strategy, phase, setting)
    forward = len(changes)
    shapes = {name: list(feature.shape[1:]) for name, feature in features.items()}
    _carry_back(model, features)
    held = list(held_after(changes))
    added = list(held_after(_added(changes, completed)))
    states = _states(model, strategy)
    return TowersMemory(
        states=states,
        gradients=_bytes(parameter for parameter in towers if parameter.grad is not None),
        forward=peaks(held[:forward]),
        saved=held[forward - 1],
        first=peaks(held[forward:]),
        later=peaks(added[forward:]),
        sharded=sharded(model, states, changes, forward, completed),
        features=shapes,
    )


def _when_complete(model: Weightless, towers: Iterable[Tensor]) -> list[Completed]:
    """Filled as a pass is carried back, with each gradient as it is complete."""
    found: list[Completed] = []

    def note(parameter: Tensor) -> None:
        assert parameter.grad is not None
        storage = model.allocations.storage(parameter.grad)
        found.append(Completed(len(model.allocations.changes), storage, parameter))

    for parameter in towers:
        if parameter.requires_grad:
            parameter.register_post_accumulate_grad_hook(note)  # type: ignore[no-untyped-call]
    return found


def _embed(model: Weightless, strategy: Strategy, phase: Phase, setting: Setting) -> Features:
    side = strategy.stored_size(phase)
    images = torch.zeros(_FEW, 3, side, side, dtype=torch.uint8)
    texts = torch.zeros(_FEW, phase.text_length, dtype=torch.int64)
    batch = Batch(images, texts, Noise(0, 0, _FEW, slice(0, _FEW), torch.device("cpu")))
    with autocast(setting):
        return strategy.embed(model, batch, phase)


def _carry_back(model: Weightless, features: Features) -> None:
    trained = [features.pop(name) for name in list(features) if features[name].requires_grad]
    with model.mode:
        gradients = [torch.empty_like(feature) for feature in trained]  # the loss's, and counted there
        with model.allocations:
            torch.autograd.backward(trained, gradients)


def _added(changes: Iterable[Change], completed: Iterable[Completed]) -> Iterator[Change]:
    """The changes of a pass whose gradients, when complete, are added to those that are there, and freed."""
    return freed(changes, [(one.changes, one.storage) for one in completed])


def _states(model: Weightless, strategy: Strategy) -> int:
    """Weights, buffers and the moments of what the main optimiser trains."""
    there = (_bytes((*part.parameters(), *part.buffers())) for part in (model, strategy))
    return sum(there) + MOMENTS * _bytes(parameter for _, parameter in trained_parameters(model, strategy))


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
