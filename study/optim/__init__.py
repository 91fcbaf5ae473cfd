"""The optimiser and the learning rate over time."""

from study.optim.adamw import adamw
from study.optim.schedule import learning_rate

__all__ = ["adamw", "learning_rate"]
