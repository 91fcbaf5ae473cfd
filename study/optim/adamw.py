"""AdamW as CLIP is trained with it (Loshchilov and Hutter, 2019, arXiv:1711.05101)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from study.records import RunSpec
from study.strategies.base import OptimDefaults


def settings(spec: RunSpec, own: OptimDefaults) -> dict[str, float]:
    """lr, weight_decay, beta1, beta2 and eps of a run: the grid's, or the strategy's own where it is silent.

    The strategy's learning rate is scaled by the square root of the batch ratio, the rule for Adam's kind of
    optimiser (Malladi et al., 2022, arXiv:2205.10287).
    """
    scaled = own.lr * (spec.global_batch_size / own.batch) ** 0.5
    return {
        "lr": scaled if spec.lr is None else spec.lr,
        "weight_decay": own.weight_decay if spec.weight_decay is None else spec.weight_decay,
        "beta1": own.beta1 if spec.beta1 is None else spec.beta1,
        "beta2": own.beta2 if spec.beta2 is None else spec.beta2,
        "eps": own.eps if spec.eps is None else spec.eps,
    }


def adamw(parameters: Iterable[nn.Parameter], chosen: dict[str, float]) -> torch.optim.AdamW:
    """Fused AdamW; norms, biases, logit_scale and other parameters of one dimension are not decayed."""
    trained = [p for p in parameters if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": chosen["weight_decay"]},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    betas = (chosen["beta1"], chosen["beta2"])
    return torch.optim.AdamW(groups, lr=chosen["lr"], betas=betas, eps=chosen["eps"], fused=True)
