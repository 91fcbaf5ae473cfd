"""What settings took: device-hours and memory, and what a budget of hours buys. Here as they were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple, Protocol, TypeAlias

from study.hardware import Device

Row: TypeAlias = "Mapping[str, Any]"  # a setting of a sheet


class Hours(NamedTuple):
    """Device-hours on ``gpus``, what they likely lie between, and what they rest on."""

    value: float
    low: float
    high: float
    source: str
    gpus: int | None


class Memory(NamedTuple):
    """The peak of one process in GiB, and whether it was ``measured`` or ``predicted`` when its study was planned."""

    gib: float | None
    source: str | None

    def as_fields(self) -> dict[str, Any]:
        """As the fields of an answer."""
        return {"memory_gib": self.gib, "memory_from": self.source}


NOT_KNOWN = Memory(None, None)


class Costs(Protocol):
    """What a budget of hours means; none wherever something needed is not known."""

    @property
    def device(self) -> Device | None:
        """Where hours are; none for wherever it was."""

    def of(self, row: Row) -> Hours | None:
        """Of a measured setting."""

    def at(self, row: Row, flops: float) -> Hours | None:
        """Of the configuration of a setting, trained for so many FLOPs."""

    def memory(self, row: Row) -> Memory:
        """Of the configuration of a setting, as its batch is shared out here."""

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

    def memory(self, row: Row) -> Memory:
        """As it was, wherever that was."""
        return Memory(row["memory_gib"], row["memory_from"])

    def bought(self, row: Row, hours: float, others: Sequence[Row]) -> float | None:
        """By the median of the law's settings."""
        known = [one["train_flops"] / one["gpu_hours"] for one in others if one["gpu_hours"]]
        return hours * median(known) if known else None


def a_sample(row: Row) -> float:
    """Training FLOPs a pair."""
    return float(row["train_flops"] / row["samples_seen"])


def as_fields(found: Hours | None) -> dict[str, Any]:
    """Hours as the fields of an answer."""
    names = ("gpu_hours", "gpu_hours_low", "gpu_hours_high", "gpu_hours_from", "gpus")
    return dict(zip(names, found or (None,) * len(names), strict=True))
