"""Models and strategies of fake tensors: all runs as in training, but takes no memory and computes nothing."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses import FakeTensor, FakeTensorMode
from torch.overrides import TorchFunctionMode

from study.measure.allocations import Allocations
from study.measure.memory_cache import Setting
from study.models import Arch, ClipModel, build
from study.models.towers import TowerOutput
from study.strategies.base import Phase, Strategy

# Pairs of a fake batch: a prime, so that the size of a tensor is a multiple of it only if it has a row for each pair.
PAIRS = 10007
_CPU = torch.device("cpu")


class Weightless(ClipModel):
    """A model that takes a few real images and texts, and passes as many fake ones as ``PAIRS`` through its towers.

    The few are real, because strategies choose by random numbers which views to make of them.
    """

    def __init__(self, model: ClipModel, strategy: Strategy, mode: FakeTensorMode) -> None:
        super().__init__(model.arch, model.clip, model.image_size, model.text_length)
        self.mode = mode
        there = (tensors for part in (self, strategy) for tensors in (part.parameters(), part.buffers()))
        self.allocations = Allocations(chain.from_iterable(there))

    def image(self, images: Tensor, keep: Tensor | None = None) -> TowerOutput:
        """Fake features of ``PAIRS`` images like the given ones."""
        with self.mode, self.allocations:
            return super().image(_many(images), None if keep is None else _many(keep))

    def text(self, tokens: Tensor) -> TowerOutput:
        """Fake features of ``PAIRS`` texts like the given ones."""
        with self.mode, self.allocations:
            return super().text(_many(tokens))


def _many(rows: Tensor) -> Tensor:
    return torch.empty(PAIRS, *rows.shape[1:], dtype=rows.dtype)


def weightless(
    arch: Arch, strategy: Strategy, phase: Phase, checkpointing: bool = False
) -> tuple[Weightless, Strategy]:
    """The model at a phase's sizes, and a strategy with the same options as the given one attached to it.

    With ``checkpointing``, each block's activations are recomputed in the backward pass, as open_clip does it.
    """
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    model = build(arch, phase.image_size, phase.text_length, device="meta")
    for module in model.modules():
        _replace(module._parameters, lambda p: nn.Parameter(_fake(p.detach(), mode), p.requires_grad))
        _replace(module._buffers, lambda buffer: _fake(buffer, mode))
    attached = type(strategy)(strategy.config)
    with mode, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a copied fake tensor is asked for its address
        attached.attach(model)
    if checkpointing:
        model.clip.set_grad_checkpointing()
    attached.train()
    return Weightless(model.train(), attached, mode), attached


def _replace(tensors: dict[str, Any], change: Callable[[Any], Tensor]) -> None:
    tensors.update({name: change(tensor) for name, tensor in tensors.items() if tensor is not None})


def _fake(tensor: Tensor, mode: FakeTensorMode) -> Tensor:
    return FakeTensor(mode, tensor, _CPU)


@contextmanager
def autocast(setting: Setting) -> Iterator[None]:
    """The precision of a training step's towers, for fake tensors, which say that they are on a CPU."""
    on_gpu = _AsOnGpu() if setting.bf16 and setting.gpu else nullcontext()
    with torch.autocast("cpu", torch.bfloat16, enabled=setting.bf16), on_gpu:
        yield


class _AsOnGpu(TorchFunctionMode):
    """Under the CPU's autocast, what a GPU's does otherwise in towers: these functions are taken in fp32.

    PyTorch's list "CUDA Ops that can autocast to float32", of which a tower uses norms and softmax.
    """

    functions = frozenset({F.layer_norm, F.group_norm, F.softmax, torch.softmax, Tensor.softmax})

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the function, its first operand in fp32 where that is the rule."""
        if function in self.functions and isinstance(args[0], Tensor):
            args = (args[0].float(), *args[1:])
        return function(*args, **(kwargs or {}))
