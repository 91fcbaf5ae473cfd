"""What the optimiser keeps of each parameter, as a run changes size or is taken up again."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from study.models import ClipModel
from study.models.resize import resized_like
from study.strategies.base import Phase
from study.train.sharding import shared_out

MOMENTS = ("exp_avg", "exp_avg_sq")  # of AdamW, one number a weight each


def resized_moments(
    model: ClipModel, states: Mapping[str, Mapping[str, Tensor]], phase: Phase
) -> dict[str, dict[str, Tensor]]:
    """Moments of the position tables that change with a phase's sizes, resized as the tables are.

    ``states`` is what is kept of parameters by their names, whole; the model is still of the sizes before.
    """
    found: dict[str, dict[str, Tensor]] = {}
    for moment in MOMENTS:
        values = {name: own[moment] for name, own in states.items()}
        for name, value in resized_like(model, values, phase.image_size, phase.text_length).items():
            # interpolation overshoots, and a mean of squares is not negative
            found.setdefault(name, {})[moment] = value.clamp(min=0) if moment == "exp_avg_sq" else value
    return found


def placed(state: Mapping[str, Tensor], parameter: nn.Parameter) -> dict[str, Tensor]:
    """What is kept of a parameter, shared out and on the device as the parameter is."""
    return {name: shared_out(value, parameter) for name, value in state.items()}
