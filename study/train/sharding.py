"""Towers of which each process holds a share of every weight, its gradient and its moments (FSDP2).

A block's weights are put together when it runs, and given up after; its gradient is summed up and shared out as soon
as it is there (Zhao et al., 2023, arXiv:2304.11277). What the loss trains beside the towers stays whole.
"""

from __future__ import annotations

import warnings
from collections.abc import MutableMapping, Sequence
from copy import copy, deepcopy
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from study.errors import PlanError
from study.models import ClipModel
from study.models.units import sharding_problem, units
from study.optim import by_kind


class Sharding:
    """Shards a model's towers in place; ``embedder`` is what runs them, and the only way to do so from then on.

    Every process calls this, and ``undo``, at the same moment. Raises PlanError for a tower that cannot be sharded.
    """

    def __init__(self, embedder: nn.Module, model: ClipModel, device: torch.device) -> None:
        towers = [model.clip.visual, model.clip.text]
        for tower in towers:
            _check(tower, model.arch.name)
        self._bare = [_bare(tower) for tower in towers]
        # of blocks that end in a change of shape; nothing is written to their results in place
        warnings.filterwarnings("ignore", "FSDP2-wrapped module .* returned a view tensor", UserWarning)
        group = dist.group.WORLD
        assert group is not None, "sharding needs several processes"
        mesh = DeviceMesh.from_group(group, device.type)
        embedder.to(memory_format=torch.contiguous_format)  # what is sharded is flat
        for tower in towers:
            for unit in units(tower):
                fully_shard(unit, mesh=mesh)
        fully_shard(embedder, mesh=mesh)

    def undo(self, model: ClipModel, device: torch.device) -> None:
        """Put towers with whole weights, on a device, into the model in the place of the sharded ones."""
        for bare, sharded in zip(self._bare, (model.clip.visual, model.clip.text), strict=True):
            _fill(bare, sharded, device)
        model.clip.visual, model.clip.text = self._bare


def _check(tower: nn.Module, name: str) -> None:
    problem = sharding_problem(tower)
    if problem:
        raise PlanError(f"{name} cannot be sharded: {problem}; train without --shard")


def _bare(tower: nn.Module) -> nn.Module:
    """A copy whose weights take no memory, and whose buffers are the tower's own."""
    memo: dict[int, object] = {id(p): nn.Parameter(p.detach().to("meta"), p.requires_grad) for p in tower.parameters()}
    return deepcopy(tower, memo | {id(buffer): buffer for buffer in tower.buffers()})


def _fill(bare: nn.Module, sharded: nn.Module, device: torch.device) -> None:
    for into, of in zip(bare.modules(), sharded.modules(), strict=True):
        into.training = of.training
        for name, parameter in of._parameters.items():
            if parameter is not None:
                into._parameters[name] = nn.Parameter(whole(parameter.detach(), device), parameter.requires_grad)
        for name, buffer in of._buffers.items():
            into._buffers[name] = None if buffer is None else buffer.to(device)


def whole(value: Tensor, device: torch.device) -> Tensor:
    """A tensor on a device, put together if it is sharded; for that every process calls this."""
    return (value.full_tensor() if isinstance(value, DTensor) else value).to(device)


def gathered(state: Any, keep: bool = True) -> Any:
    """Nested dicts and lists of tensors with the sharded ones whole and on the CPU; every process calls this.

    A process that does not ``keep`` them has none in their place: it only gives its share.
    """
    if isinstance(state, DTensor):
        full = state.full_tensor()
        return full.cpu() if keep else None
    if isinstance(state, MutableMapping):
        found = copy(state)  # with what else a state dict has: the versions of modules
        found.update({name: gathered(value, keep) for name, value in state.items()})
        return found
    return [gathered(value, keep) for value in state] if isinstance(state, list) else state


def shared_out(value: Any, like: Tensor) -> Any:
    """This process's share of a whole value, where ``like``, of the same shape, is sharded; else the value."""
    if not isinstance(like, DTensor) or not isinstance(value, Tensor) or value.shape != like.shape:
        return value
    # without a source each process takes its share of what it has
    return distribute_tensor(value.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def clip_gradients(parameters: Sequence[nn.Parameter], largest: float) -> Tensor:
    """As ``nn.utils.clip_grad_norm_`` of all together, of which some may be sharded; the norm before it."""
    kinds = by_kind([parameter for parameter in parameters if parameter.grad is not None])
    norms = [whole(nn.utils.get_total_norm([cast(Tensor, p.grad) for p in kind]), kind[0].device) for kind in kinds]
    total = norms[0] if len(norms) == 1 else torch.linalg.vector_norm(torch.stack(norms))
    for kind in kinds:
        nn.utils.clip_grads_with_norm_(kind, largest, total)
    return total
