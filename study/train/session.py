"""A run in memory: data, model, strategy and optimiser, moved from phase to phase and from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from study.models import Arch, ClipModel
from study.models.resize import resize
from study.optim import adamw
from study.records import Accelerated, RunSpec
from study.strategies.base import Batch, Noise, Phase, Strategy
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.feed import Feed
from study.train.moments import placed, resized_moments
from study.train.sharding import clip_gradients, gathered
from study.train.step import GlobalStep
from study.train.tuned import Tuned


def _to(device: torch.device, tensor: Tensor) -> Tensor:
    """A copy that does not wait for the device: from pinned memory where there is one."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


@dataclass
class Session:
    """A run ready to train: ``samples_seen`` moves, and with it ``phase_index``, whose sizes the towers have."""

    spec: RunSpec
    arch: Arch
    model: ClipModel
    strategy: Strategy
    phases: list[Phase]
    feed: Feed
    optimizer: torch.optim.Optimizer
    optim_settings: dict[str, float]
    place: Place
    precision: Literal["fp32", "bf16"]
    micro_batch_size: int
    backward: GlobalStep
    tuned: Tuned | None = None
    accelerated: Accelerated = field(default_factory=Accelerated)
    samples_seen: int = 0
    phase_index: int = 0

    @property
    def grad_accum_steps(self) -> int:
        """Micro-batches an optimiser step on one process."""
        return self.spec.global_batch_size // (self.micro_batch_size * self.place.world_size)

    def phase(self) -> tuple[Phase, int]:
        """The phase of the next step, which is entered, and the samples that were seen when it began."""
        start = 0
        for index, phase in enumerate(self.phases):
            if self.samples_seen < start + phase.samples:
                if index != self.phase_index:
                    self.enter(index, fresh_optimizer=phase.fresh_optimizer)
                return phase, start
            start += phase.samples
        raise IndexError("the run has ended")

    def enter(self, index: int, fresh_optimizer: bool) -> None:
        """Bring the towers to a phase's sizes, and the optimiser's moments with them unless it starts afresh."""
        phase = self.phases[index]
        states = {} if fresh_optimizer else self._optimizer_states()
        self.put_together(torch.device("cpu"))
        moments = resized_moments(self.model, states, phase) if states else {}
        resize(self.model, phase.image_size, phase.text_length)
        self.phase_index = index
        self.backward = GlobalStep(self.model, self.strategy, self.place, self.precision, self.spec.seed, self.sharded)
        self.optimizer = adamw(self._trained().items(), self.optim_settings)
        for name, parameter in self._trained().items():
            if name in states:
                self.optimizer.state[parameter] = placed({**states[name], **moments.get(name, {})}, parameter)

    @property
    def sharded(self) -> bool:
        """Whether each process holds a share of the towers' weights, gradients and moments, and not all of them."""
        return self.backward.sharding is not None

    def put_together(self, device: torch.device) -> None:
        """Towers that are sharded become whole, on a device; every process calls this. They are trained no more."""
        if self.backward.sharding is not None:
            self.backward.sharding.undo(self.model, device)

    def clip_gradients(self, largest: float) -> None:
        """Scale the gradients down to a norm of ``largest`` in all."""
        clip_gradients(self.parameters(), largest)

    def parameters(self) -> list[nn.Parameter]:
        """What the optimiser steps now: a change of size puts other position tables in."""
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]

    def _trained(self) -> dict[str, nn.Parameter]:
        return dict(trained_parameters(self.model, self.strategy))

    def _optimizer_states(self) -> dict[str, dict[str, Tensor]]:
        """What the optimiser keeps of each parameter, by its name, whole."""
        state = self.optimizer.state
        return {name: gathered(state[p]) for name, p in self._trained().items() if p in state}

    def batches(self) -> list[Batch]:
        """The next global batch's pairs of this process, in micro-batches, on the device.

        Raises as ``Feed.take`` does.
        """
        per_process = self.spec.global_batch_size // self.place.world_size
        begin = self.place.rank * per_process
        starts = range(begin, begin + per_process, self.micro_batch_size)
        return [self._batch(slice(row, row + self.micro_batch_size)) for row in starts]

    def _batch(self, rows: slice) -> Batch:
        raw = self.feed.take(self.samples_seen + rows.start, rows.stop - rows.start)
        device = self.place.device
        images, texts = (_to(device, tensor) for tensor in (raw.images, raw.texts))
        noise = Noise(self.spec.seed, self.samples_seen, self.spec.global_batch_size, rows, device)
        return Batch(images.permute(0, 3, 1, 2), texts, noise)

    def weights(self) -> dict[str, Any]:
        """State dicts of the ``model`` and of the ``strategy``'s modules; every process calls this.

        Where they are sharded, the process that leads alone has all of it.
        """
        return {"model": gathered(self.model.state_dict(), self.place.leads), "strategy": self.strategy.state_dict()}
