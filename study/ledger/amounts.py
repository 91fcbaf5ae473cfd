"""What work takes, in every unit that a limit may be in."""

from __future__ import annotations

from pydantic import Field

from study.records import Frozen


class Amounts(Frozen):
    """What work took, or is predicted to take. Amounts are added unit by unit."""

    gpu_hours: float = Field(0.0, description="GPUs x hours; on a CPU hours of the process")
    device_hours: float = Field(0.0, description="GPUs x hours; on a CPU threads x hours")
    kwh: float = 0.0
    dollars: float | None = Field(0.0, description="none = the device has no price")

    def __add__(self, other: Amounts) -> Amounts:
        unpriced = self.dollars is None or other.dollars is None
        return Amounts(
            gpu_hours=self.gpu_hours + other.gpu_hours,
            device_hours=self.device_hours + other.device_hours,
            kwh=self.kwh + other.kwh,
            dollars=None if unpriced else (self.dollars or 0.0) + (other.dollars or 0.0),
        )

    def times(self, factor: float) -> Amounts:
        """So many times as much."""
        return Amounts(
            gpu_hours=self.gpu_hours * factor,
            device_hours=self.device_hours * factor,
            kwh=self.kwh * factor,
            dollars=None if self.dollars is None else self.dollars * factor,
        )

    def priced(self, price: float | None) -> Amounts:
        """With dollars at ``price`` a device-hour where they were not known."""
        if self.dollars is not None or price is None:
            return self
        return self.model_copy(update={"dollars": self.device_hours * price})


class Due(Frozen):
    """What a run is predicted to take still: so much in an hour of its process, for so many hours."""

    an_hour: Amounts
    hours: float = Field(ge=0)

    @property
    def amounts(self) -> Amounts:
        """All of it."""
        return self.an_hour.times(self.hours)
