"""Step times: the device is timed, not the queue; warm-up is dropped; the spread is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from statistics import quantiles

import torch

from study.errors import TooFewStepsError

MIN_STEADY_STEPS = 5
WARMUP_SHARE, MAX_WARMUP = 0.1, 20  # of the steps; compilation, caches and clocks settle well within 20


@dataclass(frozen=True)
class Spread:
    """Median, 10th and 90th percentile of n values."""

    median: float
    p10: float
    p90: float
    n: int


def summarise(values: Sequence[float], warmup: int) -> Spread:
    """Spread of the values after the first ``warmup``; raises TooFewStepsError under 5 steady values."""
    steady = values[warmup:]
    if len(steady) < MIN_STEADY_STEPS:
        raise TooFewStepsError(f"{len(steady)} steady steps, need {MIN_STEADY_STEPS}; run more steps")
    deciles = quantiles(steady, n=10, method="inclusive")
    return Spread(deciles[4], deciles[0], deciles[8], len(steady))


def warmup_steps(steps: int) -> int:
    """How many of ``steps`` count as warm-up: a tenth, at most 20, at least 1."""
    return max(1, min(MAX_WARMUP, int(steps * WARMUP_SHARE)))


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


@dataclass
class StepTimer:
    """Times of every step in milliseconds, and the part that was spent waiting for data.

    On a GPU both are bracketed by events, read only when asked for, so the loop never waits for the device; a wait is
    then what the device stood idle or copied: what it still had to compute meanwhile hides the rest.
    """

    device: torch.device
    step_ms: list[float] = field(default_factory=list)
    data_ms: list[float] = field(default_factory=list)
    steps: int = 0
    _pending: list[tuple[list[float], torch.cuda.Event, torch.cuda.Event]] = field(default_factory=list)

    def data(self) -> AbstractContextManager[None]:
        """Bracket the wait for a batch."""
        return self._timed(self.data_ms)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Bracket one optimiser step, its data included."""
        with self._timed(self.step_ms):
            yield
        self.steps += 1

    def _timed(self, times: list[float]) -> AbstractContextManager[None]:
        return self._on_gpu(times) if self.device.type == "cuda" else _on_cpu(times)

    @contextmanager
    def _on_gpu(self, times: list[float]) -> Iterator[None]:
        first, last = _event(), _event()
        first.record()
        yield
        last.record()
        self._pending.append((times, first, last))

    def settle(self) -> None:
        """Read the events of the steps so far; waits for the device."""
        if self._pending:
            self._pending[-1][2].synchronize()
        for times, first, last in self._pending:
            times.append(first.elapsed_time(last))
        self._pending.clear()


@contextmanager
def _on_cpu(times: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    times.append((time.perf_counter() - start) * 1e3)
