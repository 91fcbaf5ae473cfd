"""One optimiser step's gradient, exact for any split into processes and micro-batches.

Features of all pairs are gathered first; the loss is taken on the whole global batch; its gradient at the features is
carried back through the towers, a micro-batch at a time (GradCache, arXiv:2101.06983, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from study.models import ClipModel
from study.strategies.base import Batch, Features, Phase, Progress, StepOutput, Strategy, mix
from study.train.device import Place
from study.train.running_statistics import RunningStatistics
from study.train.sharding import Sharding


class Embedder(nn.Module):
    """The towers as one module with a strategy's ``embed`` as its forward: what is wrapped for several processes.

    Only the towers are registered: whatever else has parameters is trained by ``loss``, which all processes share.
    """

    def __init__(self, model: ClipModel, strategy: Strategy) -> None:
        super().__init__()
        self.towers = nn.ModuleList([model.clip.visual, model.clip.text])
        self._parts = (model, strategy)  # in a tuple, so that their other parameters are not registered

    def forward(self, batch: Batch, phase: Phase) -> Features:
        """The strategy's features of the pairs at hand."""
        model, strategy = self._parts
        return strategy.embed(model, batch, phase)


def gather(features: Tensor, world_size: int) -> Tensor:
    """Rows of all processes in the order of their ranks, detached: (b, ...) to (world_size * b, ...)."""
    if world_size == 1:
        return features
    parts = [torch.empty_like(features) for _ in range(world_size)]
    dist.all_gather(parts, features.contiguous())
    return torch.cat(parts)


def full_precision(features: Tensor) -> Tensor:
    """A leaf to differentiate at, in at least fp32: losses are not taken in half precision."""
    return (features.float() if features.dtype in (torch.bfloat16, torch.float16) else features).requires_grad_()


class GlobalStep:
    """Accumulates gradients of one global batch; the caller steps the optimiser.

    With ``sharded`` the towers' parameters are others from here on, of which each process holds a share.
    """

    def __init__(
        self, model: ClipModel, strategy: Strategy, place: Place, precision: str, seed: int, sharded: bool = False
    ) -> None:
        self.model, self.strategy, self.place, self.seed = model, strategy, place, seed
        self.bf16 = precision == "bf16"
        embedder = Embedder(model, strategy)
        self.sharding = Sharding(embedder, model, place.device) if sharded else None
        self.embedder: nn.Module = (
            DistributedDataParallel(embedder, device_ids=[place.device] if place.device.type == "cuda" else None)
            if place.world_size > 1 and not sharded
            else embedder
        )
        self.statistics = RunningStatistics(embedder, place)
        towers = {id(p) for p in embedder.towers.parameters()}
        owned = strategy.trains_itself()
        shared = [
            *model.named_parameters(),
            *((n, p) for n, p in strategy.named_parameters() if n not in owned),
        ]
        self.shared = [p for _, p in shared if id(p) not in towers and p.requires_grad]

    def __call__(self, batches: Sequence[Batch], phase: Phase, progress: Progress) -> StepOutput:
        """Gradients of the loss of the global batch, whose pairs on this process are ``batches``."""
        with self.statistics.in_order():
            return self._differentiate(batches, phase, progress)

    def _differentiate(self, batches: Sequence[Batch], phase: Phase, progress: Progress) -> StepOutput:
        local = [self._embed(batch, phase, grad=len(batches) == 1) for batch in batches]
        parts = {name: torch.cat([part[name].detach() for part in local]) for name in local[0]}
        whole = {name: gather(part, self.place.world_size) for name, part in parts.items()}
        leaves = {name: full_precision(part) for name, part in whole.items() if name not in self.strategy.inputs}
        output = self.strategy.loss(self.model, {**whole, **leaves}, progress)
        output.loss.backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        gradients = {name: self._own_rows(leaf, len(parts[name])) for name, leaf in leaves.items()}
        if len(batches) == 1:
            self._carry(local[0], gradients)
        else:
            self._replay(batches, phase, gradients)
        return output

    def _embed(self, batch: Batch, phase: Phase, grad: bool) -> Features:
        # towers with dropout draw from the global generator: the same numbers in both passes and after a resume
        torch.manual_seed(mix(self.seed, batch.noise.first, batch.noise.rows.start, "towers"))
        with (
            torch.set_grad_enabled(grad),
            torch.autocast(self.place.device.type, torch.bfloat16, enabled=self.bf16),
        ):
            features: Features = self.embedder(batch, phase)
            return features

    def _own_rows(self, leaf: Tensor, rows: int) -> Tensor:
        assert leaf.grad is not None, "a feature that the loss does not use"
        # DistributedDataParallel and FSDP take the mean over processes where the sum is wanted
        return leaf.grad[self.place.rank * rows : (self.place.rank + 1) * rows] * self.place.world_size

    def _carry(self, features: Features, gradients: Features) -> None:
        names = list(gradients)
        torch.autograd.backward([features[n] for n in names], [gradients[n].to(features[n].dtype) for n in names])

    def _replay(self, batches: Sequence[Batch], phase: Phase, gradients: Features) -> None:
        first = 0
        for index, batch in enumerate(batches):
            rows = slice(first, first + len(batch.texts))
            with self._synchronise(index == len(batches) - 1), self.statistics.held():
                features = self._embed(batch, phase, grad=True)
                self._carry(features, {name: gradient[rows] for name, gradient in gradients.items()})
            first = rows.stop

    def _synchronise(self, last: bool) -> AbstractContextManager[None]:
        # sharded gradients are summed up after each pass: until the last they would take what sharding saves
        if last or not isinstance(self.embedder, DistributedDataParallel):
            return nullcontext()
        return self.embedder.no_sync()

    def _share_gradients(self) -> None:
        """Every process has the whole gradient of what ``loss`` trains; the mean keeps the copies equal to the bit."""
        if self.place.world_size == 1:
            return
        for parameter in self.shared:
            if parameter.grad is not None:
                dist.all_reduce(parameter.grad)
                parameter.grad /= self.place.world_size
