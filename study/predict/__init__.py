"""What a run will take, from stored counts and evidence, without torch."""

from study.predict.memory import memory_gib
from study.predict.time import (
    FORWARD_AND_BACKWARD,
    Measured,
    Prediction,
    Speed,
    Work,
    energy_kwh,
    overhead_seconds,
    predict,
    samples_for,
    speed,
)

__all__ = [
    "FORWARD_AND_BACKWARD",
    "Measured",
    "Prediction",
    "Speed",
    "Work",
    "energy_kwh",
    "memory_gib",
    "overhead_seconds",
    "predict",
    "samples_for",
    "speed",
]
