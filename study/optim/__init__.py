"""The optimiser and the learning rate over time."""

from study.optim.adamw import adamw, by_kind
from study.optim.schedule import learning_rate

__all__ = ["adamw", "by_kind", "learning_rate"]
