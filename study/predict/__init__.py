"""What a run will take, from stored counts and evidence, without torch."""

from study.predict.memory import LossMemory, Parts, Split, TowersMemory, peak_parts
from study.predict.speed import Speed, samples_for, speed
from study.predict.spending import dollars, energy_kwh
from study.predict.time import FORWARD_AND_BACKWARD, Evidence, Prediction, Rates, predict, rates
from study.predict.work import EvaluationSet, Job, Measured, Work, scored_by

__all__ = [
    "FORWARD_AND_BACKWARD",
    "EvaluationSet",
    "Evidence",
    "Job",
    "LossMemory",
    "Measured",
    "Parts",
    "Prediction",
    "Rates",
    "Speed",
    "Split",
    "TowersMemory",
    "Work",
    "dollars",
    "energy_kwh",
    "peak_parts",
    "predict",
    "rates",
    "samples_for",
    "scored_by",
    "speed",
]
