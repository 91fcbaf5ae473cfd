"""What a run will take, from stored counts and evidence, without torch."""

from study.predict.memory import memory_gib
from study.predict.spending import dollars, energy_kwh
from study.predict.time import (
    FORWARD_AND_BACKWARD,
    Measured,
    Overhead,
    Prediction,
    Speed,
    Work,
    overhead,
    predict,
    samples_for,
    speed,
)

__all__ = [
    "FORWARD_AND_BACKWARD",
    "Measured",
    "Overhead",
    "Prediction",
    "Speed",
    "Work",
    "dollars",
    "energy_kwh",
    "memory_gib",
    "overhead",
    "predict",
    "samples_for",
    "speed",
]
