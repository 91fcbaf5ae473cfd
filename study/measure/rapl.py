"""Energy of the CPU's packages and their memory, by RAPL's counters in Linux's powercap tree.

The counters are of whole packages, whoever uses them. A run is given the share that its threads are of all of the
machine's, so that runs side by side never add up to more than was drawn; power of idle cores is in that share.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from study.measure.energy import GapError, Load

POWERCAP = Path("/sys/class/powercap")
MOST_WATTS = 1000.0  # of a package; servers' are sold for up to 500 W, and draw more for moments


class Domain:
    """One counter in microjoules; past ``max_energy_range_uj``, within minutes on a server, it starts again from 0."""

    def __init__(self, folder: Path) -> None:
        self._counter = folder / "energy_uj"
        self._range = _number(folder / "max_energy_range_uj")
        self._last, self._total, self._at = _number(self._counter), 0, time.monotonic()

    def joules(self) -> float:
        """Energy since it was opened; raises OSError, and GapError where it may have gone around in between."""
        gap = time.monotonic() - self._at
        self._at += gap
        if gap * MOST_WATTS * 1e6 > self._range:
            raise GapError(f"{gap:.0f} s between two readings of {self._counter}")
        now = _number(self._counter)
        self._total += now - self._last if now >= self._last else now - self._last + self._range
        self._last = now
        return self._total / 1e6


class Rapl:
    """A share of all packages' energy, of their memory's too where that is counted apart."""

    source: Literal["rapl"] = "rapl"

    def __init__(self, domains: Sequence[Domain], share: float) -> None:
        self._domains, self._share = domains, share

    def joules(self) -> float | None:
        """Energy since it was opened; none from the first failed reading on."""
        try:
            return self._share * sum([domain.joules() for domain in self._domains]) if self._domains else None
        except (OSError, ValueError, GapError):
            self._domains = ()
            return None


def open_rapl(load: Load) -> Rapl | None:
    """The packages of this machine; none on a GPU, and where a counter is missing or may not be read."""
    if load.device.type != "cpu":
        return None
    try:
        domains = [Domain(folder) for folder in _folders(POWERCAP)]
    except (OSError, ValueError):
        return None
    share = min(1.0, load.processes * load.threads / (os.cpu_count() or 1))
    return Rapl(domains, share) if domains else None


def _folders(root: Path) -> Iterator[Path]:
    """``intel-rapl:0`` and on for the packages, AMD's too, and ``intel-rapl:0:2`` or so for their memory.

    What a package counts already (cores, graphics) and the whole platform are left out.
    """
    for package in sorted(root.glob("intel-rapl:*")):
        if not _name(package).startswith("package"):
            continue
        yield package
        yield from (inner for inner in sorted(package.glob(f"{package.name}:*")) if _name(inner) == "dram")


def _name(folder: Path) -> str:
    return (folder / "name").read_text().strip()


def _number(path: Path) -> int:
    return int(path.read_text())
