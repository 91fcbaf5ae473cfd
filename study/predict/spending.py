"""Energy and dollars that device-hours stand for. A CPU's watts and price are a thread's, its hours the process's."""

from __future__ import annotations

from study.hardware import Device


def energy_kwh(gpu_hours: float, device: Device, threads: int) -> float:
    """Energy at the device's full power: an upper estimate."""
    return _devices(device, threads) * gpu_hours * device.watts / 1000


def dollars(gpu_hours: float, device: Device, threads: int) -> float | None:
    """The cost at the user's own price; none without one."""
    price = device.dollars_per_hour
    return None if price is None else _devices(device, threads) * gpu_hours * price


def _devices(device: Device, threads: int) -> int:
    """What is counted in an hour of ``gpu_hours``: threads of a CPU; GPUs are in it."""
    return threads if device.is_cpu else 1
