"""The processes that worked on a run, and for how long: kept on disk, so that a kill loses ten seconds at most."""

from __future__ import annotations

import platform
import time
from datetime import UTC, datetime
from pathlib import Path

from study import io
from study.records import Attempt


def utc_now() -> str:
    """Now, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Attempts:
    """``attempts.json`` of a run; the last entry is this process, which started ``already`` seconds ago."""

    def __init__(self, run: Path, already: float) -> None:
        self.path = run / "attempts.json"
        before = io.read_json(self.path) if self.path.exists() else []
        self.before = [Attempt.model_validate(entry) for entry in before]
        self.started, self.clock = utc_now(), time.monotonic() - already
        self.first_sample = 0
        self.start_up_seconds: float | None = None

    def begin(self, first_sample: int) -> None:
        """Note where this process begins to train, and how long it took to get there."""
        self.first_sample = first_sample
        self.start_up_seconds = time.monotonic() - self.clock
        self.update(first_sample)

    def all(self, samples_seen: int) -> list[Attempt]:
        """All attempts, this one up to now."""
        hours = (time.monotonic() - self.clock) / 3600
        current = Attempt(
            started=self.started,
            host=platform.node(),
            first_sample=self.first_sample,
            last_sample=samples_seen,
            wall_hours=hours,
        )
        return [*self.before, current]

    def update(self, samples_seen: int) -> None:
        """Write the list as it stands."""
        io.write_json(self.path, [attempt.model_dump() for attempt in self.all(samples_seen)])
