"""Time of every row by the evidence at hand; needs no torch, so a plan's predictions are renewed in no time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from study.hardware import DEVICES, Device
from study.plan.resources import runtime_minutes
from study.predict import Measured, Overhead, Speed, Work, dollars, energy_kwh, overhead, predict, speed

_KEPT = (
    "predicted_gpu_hours",
    "predicted_gpu_hours_low",
    "predicted_gpu_hours_high",
    "prediction_evidence",
    "runtime_minutes",
)


class Predictor:
    """Predicts rows; a run is never evidence for itself, since its row stands beside what it took."""

    def __init__(self, measured: Iterable[Measured], devices: Mapping[str, Device] = DEVICES) -> None:
        self.measured, self.devices = list(measured), devices
        self._own = {run.run_id for run in self.measured}
        self._speeds: dict[tuple[str, str, str, str], Speed] = {}
        self._overheads: dict[str, Overhead] = {}

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with its prediction, in device-hours, and the minutes to ask for."""
        device = self.devices[row["gpu"]]
        devices = row["threads"] if device.is_cpu else row["gpus"]
        work = Work(row["arch"], row["family"], row["strategy_label"], row["train_flops"], devices)
        found = predict(work, device, self._speed(work, device, row["run_id"]), self._overhead(device))
        minutes = runtime_minutes(found.high, max(row["gpus"], 1))
        told = (found.gpu_hours, found.low, found.high, found.evidence, minutes)
        return with_spending(row | dict(zip(_KEPT, told, strict=True)), device)

    def _speed(self, work: Work, device: Device, run_id: str | None) -> Speed:
        if run_id in self._own:
            return speed(work, device, [run for run in self.measured if run.run_id != run_id])
        key = (work.arch, work.family, work.strategy, device.name)
        if key not in self._speeds:
            self._speeds[key] = speed(work, device, self.measured)
        return self._speeds[key]

    def _overhead(self, device: Device) -> Overhead:
        if device.name not in self._overheads:
            self._overheads[device.name] = overhead(device, self.measured)
        return self._overheads[device.name]


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
