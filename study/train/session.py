"""A run in memory: data, model, strategy and optimiser, moved from phase to phase and from step to step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from study.data.stream import Pairs, RawBatch
from study.errors import DataError
from study.models import Arch, ClipModel
from study.models.resize import resize
from study.optim import adamw
from study.records import Accelerated, RunSpec
from study.strategies.base import Batch, Noise, Phase, Strategy
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.moments import placed, resized_moments
from study.train.sharding import clip_gradients, gathered, shared_out
from study.train.skipped import Tally
from study.train.step import GlobalStep
from study.train.tuned import Tuned

POLL = 0.5  # seconds between looks, while data is waited for, at whether the run is asked to stop
GRACE = 60.0  # seconds that several processes wait for data then: the others are in the step already


def _to(device: torch.device, tensor: Tensor) -> Tensor:
    """A copy that does not wait for the device: from pinned memory where there is one."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


class StoppedWaiting(Exception):
    """The run was asked to stop while the next step's data was waited for; nothing of that step was done."""


def _never() -> bool:
    return False


@dataclass
class Session:
    """A run ready to train: ``samples_seen`` moves, and with it ``phase_index``, whose sizes the towers have."""

    spec: RunSpec
    arch: Arch
    model: ClipModel
    strategy: Strategy
    phases: list[Phase]
    stream: Pairs
    optimizer: torch.optim.Optimizer
    optim_settings: dict[str, float]
    place: Place
    precision: Literal["fp32", "bf16"]
    micro_batch_size: int
    backward: GlobalStep
    skipped: Tally
    tuned: Tuned | None = None
    accelerated: Accelerated = field(default_factory=Accelerated)
    samples_seen: int = 0
    phase_index: int = 0
    asked_to_stop: Callable[[], bool] = _never

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
                    self._enter(index, fresh_optimizer=phase.fresh_optimizer)
                return phase, start
            start += phase.samples
        raise IndexError("the run has ended")

    def _enter(self, index: int, fresh_optimizer: bool) -> None:
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

    @property
    def restores_on(self) -> torch.device:
        """Where a checkpoint's state is read to: whole it may not fit beside what is there."""
        return torch.device("cpu") if self.sharded else self.place.device

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

        Raises StoppedWaiting when the run is asked to stop while they do not come, and DataError when they cannot come;
        one of several processes notes that in ``skipped`` and takes black images, for all to end together.
        """
        per_process = self.spec.global_batch_size // self.place.world_size
        begin = self.place.rank * per_process
        starts = range(begin, begin + per_process, self.micro_batch_size)
        return [self._batch(slice(row, row + self.micro_batch_size)) for row in starts]

    def _batch(self, rows: slice) -> Batch:
        raw = self._raw(self.samples_seen + rows.start, rows.stop - rows.start)
        device = self.place.device
        images, texts = (_to(device, tensor) for tensor in (raw.images, raw.texts))
        noise = Noise(self.spec.seed, self.samples_seen, self.spec.global_batch_size, rows, device)
        return Batch(images.permute(0, 3, 1, 2), texts, noise)

    def _raw(self, first: int, count: int) -> RawBatch:
        alone = self.place.world_size == 1
        try:
            if self.skipped.fault is None:
                self._wait(first, count, 0.0 if alone else GRACE)
                return self.stream.batch(first, count)
        except DataError as error:
            if alone:
                raise
            self.skipped.fault = str(error)
        size = max(self.strategy.stored_size(phase) for phase in self.phases)
        length = max(phase.text_length for phase in self.phases)
        return RawBatch(torch.zeros(count, size, size, 3, dtype=torch.uint8), torch.zeros(count, length).long(), first)

    def _wait(self, first: int, count: int, grace: float) -> None:
        while not self.stream.ready(first, count, POLL):
            if self.asked_to_stop():
                grace -= POLL
                if grace < 0:
                    raise StoppedWaiting

    def weights(self) -> dict[str, Any]:
        """The state of the model and of the strategy's modules; every process calls this.

        Where they are sharded, the process that leads alone has all of it.
        """
        return {"model": gathered(self.model.state_dict(), self.place.leads), "strategy": self.strategy.state_dict()}

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, as if one process trained; every process calls this as ``weights``."""
        return {
            **self.weights(),
            "optimizer": gathered(self.optimizer.state_dict(), self.place.leads),
            "inner": self.strategy.inner_state(),
            "samples_seen": self.samples_seen,
            "samples_skipped": self.skipped.streamed,
            "phase_index": self.phase_index,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint's state."""
        index = state.get("phase_index", 0)  # from before phases of other sizes, which began in the first
        if index != self.phase_index:
            self._enter(index, fresh_optimizer=True)  # its moments are in the state
        own = self.model.state_dict()
        state["model"].update({name: shared_out(value, own[name]) for name, value in state["model"].items()})
        self.model.load_state_dict(state["model"])
        self.strategy.load_state_dict(state["strategy"])
        kept, parameters = state["optimizer"], self.parameters()
        states = {index: placed(one, parameters[index]) for index, one in kept["state"].items()}
        self.optimizer.load_state_dict({**kept, "state": states})
        self.strategy.load_inner_state(state["inner"])
        self.samples_seen = state["samples_seen"]
        self.skipped.before = state.get("samples_skipped", {})  # none from before pairs were read while training
