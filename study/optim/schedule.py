"""The learning rate as a pure function of progress."""

from __future__ import annotations

import math

from study.records import Schedule


def learning_rate(peak: float, share: float, step: float, schedule: Schedule, warmup: float, cooldown: float) -> float:
    """Learning rate for the optimiser step that starts at ``share`` of a phase and covers ``step`` of it (0 to 1).

    Linear warm-up over ``warmup`` (the first step is already above zero), then a half cosine to zero, or constant
    with a linear fall to zero over the last ``cooldown`` (arXiv:2405.18392).
    """
    if share + step <= warmup:
        return peak * (share + step) / warmup
    if schedule == "constant":
        return peak * min(1.0, (1 - share) / cooldown) if cooldown else peak
    return peak * 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup))) if share > warmup else peak
