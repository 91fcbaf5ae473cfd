"""What the configurations of a page's settings cost on each device, in numbers that many of them share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study.hardware import Device
from study.lookup.cost import Row
from study.lookup.on_device import OnDevice
from study.predict import Rates

DIGITS = 5
COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # of GPUs, that a page can be asked for


class Configs:
    """The distinct configurations of settings, numbered: what the hours of a FLOP depend on."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows: list[Row] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        for row in rows:
            if self._key(row) not in self._numbers:
                self._numbers[self._key(row)] = len(self.rows)
                self.rows.append(row)

    def number(self, row: Row) -> int:
        """Of the configuration of a setting: its place in ``rows``."""
        return self._numbers[self._key(row)]

    def _key(self, row: Row) -> tuple[Any, ...]:
        return row["config"], row["unique_pairs"]


def costs(rows: Sequence[Row], devices: Sequence[Device], results: Path) -> dict[str, Any]:
    """``costs``: by device, number of GPUs and configuration a place in ``rates``: speeds, and one in ``beside``."""
    found: dict[str, dict[int, list[int]]] = {}
    rates: dict[tuple[float, ...], int] = {}
    beside: dict[tuple[float, ...], int] = {}
    for device in devices:
        first = OnDevice(device, 0 if device.is_cpu else COUNTS[0], results)
        for on in [first] if device.is_cpu else [first.on(count) for count in COUNTS]:
            known = [one for row in rows if (one := on.rates(row))]
            told = [(*_speed(one), beside.setdefault(tuple(_beside(one)), len(beside))) for one in known]
            found.setdefault(device.name, {})[on.gpus] = [rates.setdefault(one, len(rates)) for one in told]
    return {"costs": found, "rates": list(rates), "beside": list(beside)}


def _speed(found: Rates) -> list[float]:
    """FLOPs a second on one of ``sharing``: value, low and high."""
    return [rounded(one) for one in (found.speed.value, found.speed.low, found.speed.high)]


def _beside(found: Rates) -> list[float]:
    """Sharing and held; then seconds, value, low and high each: of data a sample, the start-up, a checkpoint."""
    parts = (found.data, found.start_up, found.checkpoint)
    return [found.sharing, found.held, *(rounded(one) for part in parts for one in part)]


def rounded(value: float) -> float:
    """To as many digits as a page needs."""
    return float(f"{value:.{DIGITS}g}")
