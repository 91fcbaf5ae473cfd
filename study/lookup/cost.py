"""Device-hours of settings: as measured, or on the device asked for, predicted from their FLOPs. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, Protocol, TypeAlias

from study.hardware import Device
from study.predict import Job, Rates, Work, rates
from study.predict.stored import stored_evidence

IMAGE, TEXT = 224, 77  # pixels and tokens where a row does not say: open_clip's usual ones
UNKNOWN = 0  # of a size that is not known: it is like no measured one

Row: TypeAlias = "Mapping[str, Any]"  # a setting of a sheet


class Hours(NamedTuple):
    """Device-hours on ``gpus``, what they likely lie between, and what they rest on."""

    value: float
    low: float
    high: float
    source: str
    gpus: int | None


class Costs(Protocol):
    """What a budget of hours means; none wherever something needed is not known."""

    @property
    def device(self) -> Device | None:
        """Where hours are; none for wherever it was."""

    def of(self, row: Row) -> Hours | None:
        """Of a measured setting."""

    def at(self, row: Row, flops: float) -> Hours | None:
        """Of the configuration of a setting, trained for so many FLOPs."""

    def bought(self, row: Row, hours: float, others: Sequence[Row]) -> float | None:
        """The FLOPs that so many hours buy with the configuration of a setting, one of a law's."""


class AsMeasured:
    """Hours as they were measured, wherever that was: of a question that names no device."""

    device: Device | None = None

    def of(self, row: Row) -> Hours | None:
        """Of a measured setting."""
        if row["gpu_hours"] is None:
            return None
        told = f"measured on {row['gpu']}" if row["gpu"] else "measured"
        return Hours(row["gpu_hours"], row["hours_low"], row["hours_high"], told, row["n_gpus"])

    def at(self, row: Row, flops: float) -> Hours | None:
        """Nothing is predicted without a device."""
        return None

    def bought(self, row: Row, hours: float, others: Sequence[Row]) -> float | None:
        """By the median of the law's settings."""
        known = [one["train_flops"] / one["gpu_hours"] for one in others if one["gpu_hours"]]
        return hours * median(known) if known else None


class OnDevice:
    """Hours on ``gpus`` of a device (0: a CPU), by what was measured under ``results`` and by published runs."""

    def __init__(self, device: Device, gpus: int, results: Path) -> None:
        self.device, self.gpus = device, gpus
        self._evidence = stored_evidence(results, device)
        self._known: dict[tuple[Any, ...], Rates] = {}
        self._bought: dict[tuple[Any, ...], float | None] = {}

    def of(self, row: Row) -> Hours | None:
        """As measured where it ran on this device, else predicted."""
        if row["device"] == self.device.name and row["gpu_hours"] is not None:
            return AsMeasured().of(row)
        return self.at(row, row["train_flops"])

    def at(self, row: Row, flops: float) -> Hours | None:
        """Predicted from start to end, without scoring."""
        found = self.rates(row)
        if found is None:
            return None
        return Hours(*found.hours(flops, flops / a_sample(row)), f"predicted: {found.evidence}", self.gpus or None)

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


def a_sample(row: Row) -> float:
    """Training FLOPs a pair."""
    return float(row["train_flops"] / row["samples_seen"])


def as_fields(found: Hours | None) -> dict[str, Any]:
    """Hours as the fields of an answer."""
    names = ("gpu_hours", "gpu_hours_low", "gpu_hours_high", "gpu_hours_from", "gpus")
    return dict(zip(names, found or (None,) * len(names), strict=True))
