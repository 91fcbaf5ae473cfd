"""What the main optimiser trains."""

from __future__ import annotations

from torch import nn

from study.models import ClipModel
from study.strategies.base import Strategy


def trained_parameters(model: ClipModel, strategy: Strategy) -> list[tuple[str, nn.Parameter]]:
    """What the main optimiser steps, by name: the towers, logit_scale and the strategy's own modules."""
    owned = strategy.trains_itself()
    extra = [(f"strategy.{n}", p) for n, p in strategy.named_parameters() if n not in owned]
    return [(n, p) for n, p in (*model.named_parameters(), *extra) if p.requires_grad]
