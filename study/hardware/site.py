"""What a user says of the hardware at hand: rows of their own, prices, and what a kWh emits. Never a run's identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from study.hardware.devices import DEVICES, Device


@dataclass(frozen=True)
class Site:
    """The devices that are known, the user's own first; and what turns their energy into CO2."""

    devices: Mapping[str, Device] = field(default_factory=lambda: DEVICES)
    co2_grams_per_kwh: float | None = None
    pue: float | None = None  # energy that the building takes over what its machines take, at least 1

    def co2_kg(self, kwh: float) -> float | None:
        """Emissions in kg of so much energy of the devices; none without the user's own figure."""
        if self.co2_grams_per_kwh is None:
            return None
        return kwh * (self.pue or 1.0) * self.co2_grams_per_kwh / 1000

    def facts(self) -> dict[str, Any]:
        """What differs from the built-in table, as plain data for ``plan.json``."""
        own = [asdict(device) for name, device in self.devices.items() if device != DEVICES.get(name)]
        return {"devices": own, "co2_grams_per_kwh": self.co2_grams_per_kwh, "pue": self.pue}

    @staticmethod
    def of(facts: Mapping[str, Any]) -> Site:
        """The site that a study was planned for, from its ``plan.json``; a plan that says none has the built-in one."""
        said = facts.get("site") or {}
        own = {row["name"]: Device(**row) for row in said.get("devices", ())}
        return Site({**own, **_others(own)}, said.get("co2_grams_per_kwh"), said.get("pue"))


BUILT_IN = Site()  # where the user says nothing


def _others(own: Mapping[str, Device]) -> dict[str, Device]:
    return {name: device for name, device in DEVICES.items() if name not in own}
