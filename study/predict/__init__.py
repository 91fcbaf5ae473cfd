"""What a run will take, from stored counts and evidence, without torch."""

from study.predict.memory import LossMemory, Split, TowersMemory, peak_bytes
from study.predict.speed import Speed, samples_for, speed
from study.predict.spending import dollars, energy_kwh
from study.predict.time import FORWARD_AND_BACKWARD, Evidence, Prediction, Rates, predict, rates
from study.predict.work import EvaluationSet, Job, Measured, Work

__all__ = [
    "FORWARD_AND_BACKWARD",
    "EvaluationSet",
    "Evidence",
    "Job",
    "LossMemory",
    "Measured",
    "Prediction",
    "Rates",
    "Speed",
    "Split",
    "TowersMemory",
    "Work",
    "dollars",
    "energy_kwh",
    "peak_bytes",
    "predict",
    "rates",
    "samples_for",
    "speed",
]
