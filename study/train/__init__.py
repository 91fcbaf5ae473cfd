"""Training of one run, from its spec to its outcome."""

from study.train.device import Place, place
from study.train.run import Trained, train_run
from study.train.setup import Session, load_trained

__all__ = ["Place", "Session", "Trained", "load_trained", "place", "train_run"]
