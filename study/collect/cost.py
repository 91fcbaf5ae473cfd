"""What a run's measured hours stand for on the device that it ran on: energy, dollars, and its share of the peak."""

from __future__ import annotations

from typing import Any

from study.hardware import Device, Site, recognise
from study.predict import dollars, energy_kwh
from study.records import Cost, Outcome, Status

ESTIMATE = "estimate"


def derived(train_flops: float | None, outcome: Outcome, evaluate_hours: float | None, site: Site) -> dict[str, Any]:
    """The columns that need the table of devices; null for a device that it does not have.

    Hours are those of scoring, too, as they are in predictions. Energy that nothing measured is the device's full power
    over them: an upper estimate, and marked as one.
    """
    cost = outcome.cost
    if cost is None:
        return {}
    hours = None if cost.gpu_hours is None else cost.gpu_hours + (evaluate_hours or 0.0) * cost.world_size
    name = recognise(cost.device, cost.device_kind, site.devices)
    device = site.devices[name] if name else None
    row: dict[str, Any] = {"energy_kwh": cost.energy_kwh, "energy_source": cost.energy_source}
    if device is None:
        return row
    if cost.energy_kwh is None and hours is not None:
        row = {"energy_kwh": energy_kwh(hours, device, cost.threads), "energy_source": ESTIMATE}
    row["dollars"] = None if hours is None else dollars(hours, device, cost.threads)
    row["mfu"] = mfu(train_flops, cost, device) if outcome.status is Status.COMPLETED else None
    return row


def mfu(train_flops: float | None, cost: Cost, device: Device) -> float | None:
    """Counted FLOPs of all phases over the peak of all devices through the whole training loop, 0 to 1.

    The peak is that of the run's precision; none where nobody gives it, as a CPU's unless ``hardware.yaml`` does.
    """
    peak = None if device.peak_is_assumed else device.peak(cost.precision)
    if train_flops is None or not cost.train_hours or peak is None:
        return None
    devices = cost.threads if device.is_cpu else 1  # those that train_hours does not count
    return train_flops / (cost.train_hours * 3600 * devices * peak * 1e12)
