"""AdamW as CLIP is trained with it (Loshchilov and Hutter, 2019, arXiv:1711.05101)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn

from study.records import RunSpec
from study.strategies.base import OptimDefaults


def settings(spec: RunSpec, own: OptimDefaults) -> dict[str, float]:
    """lr, weight_decay, beta1, beta2 and eps of a run: the grid's, or the strategy's own where it is silent.

    The strategy's learning rate is scaled by the batch ratio as its paper says, or by its square root, the rule for
    Adam's kind of optimiser (Malladi et al., 2022, arXiv:2205.10287).
    """
    ratio = spec.global_batch_size / own.batch
    scaled = own.lr * (ratio if own.scaling == "linear" else ratio**0.5)
    return {
        "lr": scaled if spec.lr is None else spec.lr,
        "weight_decay": own.weight_decay if spec.weight_decay is None else spec.weight_decay,
        "beta1": own.beta1 if spec.beta1 is None else spec.beta1,
        "beta2": own.beta2 if spec.beta2 is None else spec.beta2,
        "eps": own.eps if spec.eps is None else spec.eps,
    }


def decays(name: str, parameter: nn.Parameter) -> bool:
    """Whether a parameter is decayed: not norms, biases, logit_scale and others of one dimension, nor bias tables."""
    return parameter.ndim >= 2 and not name.endswith("bias_table")


def adamw(parameters: Iterable[tuple[str, nn.Parameter]], chosen: dict[str, float]) -> torch.optim.AdamW:
    """Fused AdamW over named parameters; ``decays`` says which are decayed."""
    trained = [(name, p) for name, p in parameters if p.requires_grad]
    groups = [
        {"params": [p for name, p in trained if decays(name, p)], "weight_decay": chosen["weight_decay"]},
        {"params": [p for name, p in trained if not decays(name, p)], "weight_decay": 0.0},
    ]
    betas = (chosen["beta1"], chosen["beta2"])
    return _AdamW(groups, lr=chosen["lr"], betas=betas, eps=chosen["eps"], fused=True)


def by_kind(parameters: Sequence[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Plain parameters apart from sharded ones, where there are both."""
    return [[p for p in parameters if type(p) is kind] for kind in dict.fromkeys(map(type, parameters))]


class _AdamW(torch.optim.AdamW):
    """Groups, and so states that are kept, are as if all parameters were of one kind; a kernel takes one kind alone."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step of all parameters."""
        groups = self.param_groups
        self.param_groups = [{**group, "params": kind} for group in groups for kind in by_kind(group["params"])]
        try:
            return super().step(closure)
        finally:
            self.param_groups = groups
