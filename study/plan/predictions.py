"""Time of every row by the evidence at hand; needs no torch, so a plan's predictions are renewed in no time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from study.hardware import DEVICES, Device
from study.plan.jobs import work_of
from study.plan.resources import runtime_minutes
from study.predict import EvaluationSet, Evidence, Measured, Prediction, Work, dollars, energy_kwh, predict

_KEPT = (
    "predicted_gpu_hours",
    "predicted_gpu_hours_low",
    "predicted_gpu_hours_high",
    "prediction_evidence",
    "runtime_minutes",
)


class Predictor:
    """Predicts rows; a run is never evidence for itself, since its row stands beside what it took."""

    def __init__(
        self,
        measured: Iterable[Measured],
        devices: Mapping[str, Device] = DEVICES,
        evaluation: tuple[EvaluationSet, ...] = (),
    ) -> None:
        known = list(measured)
        self.evidence, self.devices, self.evaluation = Evidence.of(known), devices, evaluation
        self._own = {run.run_id for run in known if run.run_id is not None}
        self._made: dict[Work, Prediction] = {}

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with its prediction, in device-hours, and the minutes to ask for."""
        device = self.devices[row["gpu"]]
        found = self._predicted(work_of(row, self.evaluation), device, row["run_id"])
        minutes = runtime_minutes(found.high, max(row["gpus"], 1))
        told = (found.gpu_hours, found.low, found.high, found.evidence, minutes)
        parts = {
            "predicted_start_up_hours": found.start_up_hours,
            "predicted_evaluation_hours": found.evaluation_hours,
        }
        return with_spending(row | dict(zip(_KEPT, told, strict=True)) | parts, device)

    def _predicted(self, work: Work, device: Device, run_id: str | None) -> Prediction:
        if run_id in self._own:
            return predict(work, device, self.evidence, without=run_id)
        if work not in self._made:
            self._made[work] = predict(work, device, self.evidence)
        return self._made[work]


def with_spending(row: dict[str, Any], device: Device) -> dict[str, Any]:
    """The row with the energy and the dollars that its predicted hours stand for, their ranges too."""
    found = dict(row)
    for end in ("", "_low", "_high"):
        hours = row[f"predicted_gpu_hours{end}"]
        found[f"predicted_kwh{end}"] = energy_kwh(hours, device, row["threads"])
        found[f"predicted_dollars{end}"] = dollars(hours, device, row["threads"])
    return found


def keep_made(
    rows: list[dict[str, Any]], before: list[dict[str, Any]], ended: set[str], devices: Mapping[str, Device] = DEVICES
) -> list[dict[str, Any]]:
    """Rows of ended runs with the predictions made before they ran: a prediction made afterwards is none.

    What their hours cost is told at today's price.
    """
    made = {(row["run_id"], row["gpu"], row["gpus"]): row for row in before if row["run_id"] in ended}
    kept = [made.get((row["run_id"], row["gpu"], row["gpus"])) for row in rows]
    pairs = zip(rows, kept, strict=True)
    return [with_spending(row | {n: old[n] for n in _KEPT}, devices[row["gpu"]]) if old else row for row, old in pairs]
