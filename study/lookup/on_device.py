"""Device-hours on the device asked for: as measured there, else predicted from FLOPs; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study.hardware import Device
from study.lookup.cost import NOT_KNOWN, AsMeasured, Hours, Memory, Row, a_sample
from study.predict import Evidence, Job, Rates, Work, rates
from study.predict.stored import stored_evidence

IMAGE, TEXT = 224, 77  # pixels and tokens where a row does not say: open_clip's usual ones
UNKNOWN = 0  # of a size that is not known: it is like no measured one
AS_MEASURED = AsMeasured()


class OnDevice:
    """Hours on ``gpus`` of a device (0: a CPU), by what was measured under ``results`` and by published runs."""

    def __init__(self, device: Device, gpus: int, results: Path, evidence: Evidence | None = None) -> None:
        self.device, self.gpus, self.results = device, gpus, results
        self._evidence = evidence or stored_evidence(results, device)
        self._known: dict[tuple[Any, ...], Rates] = {}
        self._bought: dict[tuple[Any, ...], float | None] = {}

    def on(self, gpus: int) -> OnDevice:
        """The same for another number of them; the evidence is read once."""
        return OnDevice(self.device, gpus, self.results, self._evidence)

    def of(self, row: Row) -> Hours | None:
        """As measured where it ran on this device, else predicted."""
        if row["device"] == self.device.name and row["gpu_hours"] is not None:
            return AS_MEASURED.of(row)
        return self.at(row, row["train_flops"])

    def at(self, row: Row, flops: float) -> Hours | None:
        """Predicted from start to end, without scoring."""
        found = self.rates(row)
        if found is None:
            return None
        return Hours(*found.hours(flops, flops / a_sample(row)), f"predicted: {found.evidence}", self.gpus or None)

    def memory(self, row: Row) -> Memory:
        """Of as many of the same device; each of another number of them holds another share of the batch."""
        here = row["device"] == self.device.name and (self.device.is_cpu or row["n_gpus"] == self.gpus)
        return AS_MEASURED.memory(row) if here else NOT_KNOWN

    def limit(self, row: Row, hours: float) -> float:
        """The most FLOPs that so many hours may buy with the configuration of a setting: the steps alone count."""
        found = self.rates(row)
        return 0.0 if found is None else hours * 3600 * found.speed.value * found.sharing

    def bought(self, row: Row, hours: float, others: Sequence[Row]) -> float | None:
        """By the configuration alone; none where its start-up takes all hours."""
        found, key = self.rates(row), (id(self.rates(row)), hours)
        if found is None:
            return None
        if key not in self._bought:
            self._bought[key] = self._solved(row, found, hours)
        return self._bought[key]

    def _solved(self, row: Row, found: Rates, hours: float) -> float | None:
        most, each = self.limit(row, hours), a_sample(row)
        beside = found.hours(0.0, 0.0).value
        slope = (found.hours(most, most / each).value - beside) / most
        flops = (hours - beside) / slope
        for _ in range(2):  # hours are linear in FLOPs but for the number of checkpoints
            if flops > 0:
                flops += (hours - found.hours(flops, flops / each).value) / slope
        return flops if flops > 0 else None

    def rates(self, row: Row) -> Rates | None:
        """What the configuration of a setting takes; none where its FLOPs or samples are not known."""
        if not row["train_flops"] or not row["samples_seen"]:
            return None
        job = self._job(row)
        key = (job, f"{a_sample(row):.6g}")
        if key not in self._known:
            work = Work(job, row["samples_seen"], row["train_flops"])
            self._known[key] = rates(work, self.device, self._evidence)
        return self._known[key]

    def _job(self, row: Row) -> Job:
        batch = row["global_batch_size"] or UNKNOWN
        return Job(
            device=self.device.name,
            arch=row["arch"] or "",
            family=row["family"] or "",
            strategy=row["strategy_label"] or "",
            source=row["source"] or "",
            unique_pairs=row["unique_pairs"] or row["samples_seen"],
            image_size=row["image_size"] or IMAGE,
            text_length=row["text_length"] or TEXT,
            global_batch_size=batch,
            micro_batch_size=batch // max(self.gpus, 1),
            precision="bf16" if self.device.has_bf16 else "fp32",
            gpus=self.gpus,
            threads=(row["threads"] or 1) if self.device.is_cpu else 1,
            params_m=row["params_m"] or 0.0,
        )
