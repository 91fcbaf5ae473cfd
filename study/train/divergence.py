"""When a run's losses say that it will not recover."""

from __future__ import annotations

import math
from collections.abc import Mapping

DIVERGED = 2.0  # times the loss of chance, ln(global batch)


class Diverged(Exception):
    """The loss is not finite, or far above that of chance."""


def check(means: Mapping[str, float], samples_seen: int, global_batch_size: int) -> None:
    """Raises Diverged over means of what was logged of some steps, by name."""
    for name, value in means.items():
        if not math.isfinite(value):
            raise Diverged(f"{name} is {value} after {samples_seen} samples; try a lower lr or a longer warm-up")
    chance = math.log(global_batch_size)
    contrastive = means.get("contrastive_loss", 0.0)
    if chance > 0 and contrastive > DIVERGED * chance:
        raise Diverged(
            f"the contrastive loss is {contrastive:.2f} after {samples_seen} samples, over {DIVERGED:g} times that of "
            f"chance ({chance:.2f}); try a lower lr or a longer warm-up"
        )
