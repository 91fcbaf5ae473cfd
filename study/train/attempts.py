"""The processes that worked on a run, for how long and with what energy: on disk, so that a kill loses 10 seconds."""

from __future__ import annotations

import os
import platform
import time
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock

from study import io
from study.clock import ticking, utc_now
from study.measure.energy import Load, Meter, open_meter
from study.records import Attempt
from study.train.device import Place

JOULES_A_KWH = 3.6e6


class Attempts:
    """``attempts.json`` of a run; the last entry is this process, which started ``already`` seconds ago."""

    def __init__(self, run: Path, already: float, place: Place) -> None:
        self.path = run / "attempts.json"
        before = io.read_json(self.path) if self.path.exists() else []
        self.before = [Attempt.model_validate(entry) for entry in before]
        self.started, self.clock = utc_now().isoformat(timespec="milliseconds"), time.monotonic() - already
        self.first_sample = 0
        self.start_up_seconds: float | None = None
        self._world_size = place.world_size
        self._meter, self._reading = _meter(place), Lock()

    def begin(self, first_sample: int) -> None:
        """Note where this process begins to train, and how long it took to get there."""
        self.first_sample = first_sample
        self.start_up_seconds = time.monotonic() - self.clock
        self.update(first_sample)

    def reached(self, samples_seen: int) -> None:
        """What the steps on disk say of how far the attempt before came: a kill leaves its entry seconds behind."""
        if self.before and self.before[-1].last_sample < samples_seen:
            self.before[-1] = self.before[-1].model_copy(update={"last_sample": samples_seen})

    def all(self, samples_seen: int) -> list[Attempt]:
        """All attempts, this one up to now."""
        hours = (time.monotonic() - self.clock) / 3600
        joules = self._joules()
        current = Attempt(
            started=self.started,
            host=platform.node(),
            first_sample=self.first_sample,
            last_sample=samples_seen,
            wall_hours=hours,
            world_size=self._world_size,
            energy_kwh=None if joules is None else joules / JOULES_A_KWH,
            energy_source=None if joules is None or self._meter is None else self._meter.source,
        )
        return [*self.before, current]

    def measured(self) -> AbstractContextManager[None]:
        """Read the meter every few seconds while the block runs: its counter goes around, whatever the run does."""
        return ticking(self._joules)

    def _joules(self) -> float | None:
        with self._reading:
            return self._meter.joules() if self._meter else None

    def update(self, samples_seen: int) -> None:
        """Write the list as it stands."""
        io.write_json(self.path, [attempt.model_dump() for attempt in self.all(samples_seen)])


def _meter(place: Place) -> Meter | None:
    """Of all processes of the run, in the one that writes; none where some are on machines whose counters it lacks."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", place.world_size))
    if not place.leads or here < place.world_size:
        return None
    return open_meter(Load(place.device, place.world_size, place.threads))
