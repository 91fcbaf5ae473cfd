"""How far a run has come, in a line for whoever watches."""

from __future__ import annotations

from collections.abc import Sequence

from study.clock import clock_words
from study.records import RunSpec

RECENT = 100  # steps whose speed is told


def progress(spec: RunSpec, samples_seen: int, step_ms: Sequence[float], loss: float | None) -> str:
    """Samples, the last loss if there is one, samples a second of the ``RECENT`` steps, and the time left at that."""
    recent = step_ms[-RECENT:]
    rate = spec.global_batch_size * len(recent) * 1e3 / sum(recent)
    left = (spec.samples_seen - samples_seen) / rate
    shown = "" if loss is None else f"loss {loss:.3f}  "
    return (
        f"{samples_seen:,} of {spec.samples_seen:,} samples ({samples_seen / spec.samples_seen:.0%})  {shown}"
        f"{rate:,.0f} samples/s  {clock_words(left)} left"
    )
