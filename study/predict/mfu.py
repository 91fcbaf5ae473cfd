"""MFU of a run that nothing was measured for, from published runs: by its size and its number of GPUs.

    log mfu = level + slope_size log(gmacs_per_sample) + slope_gpus log(gpus) + slope_jax [in JAX]

The formula is plain arithmetic on stored numbers; ``study.predict.mfu_fit`` makes them, and loads numpy to do so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

from study.hardware import Device
from study.io import read_json
from study.published import MFU

MEMORY_BOUND = 0.5  # assumption: the share of an A100's step that waits for memory rather than for arithmetic
OTHER_GPU = 1.25  # assumption: range added for a GPU that no published run was on
OTHER_FAMILY = 1.3  # assumption: the same for a family that is not among them
FAMILY = "vit"  # of all published runs with GPU-hours
MOST = 0.6  # assumption: no CLIP training does better; the best published run reaches 0.3


@dataclass(frozen=True)
class Line:
    """The formula above: slopes, and centres of the features, at which log MFU is ``level``."""

    level: float
    slopes: tuple[float, float, float]
    centres: tuple[float, float, float]

    def log_mfu(self, gmacs: float, gpus: float | None, in_jax: bool = False) -> float:
        """Log MFU on an A100; an unknown number of GPUs is the published runs' typical one."""
        features = (log(gmacs), log(gpus) if gpus else self.centres[1], float(in_jax))
        terms = zip(self.slopes, features, self.centres, strict=True)
        return self.level + sum(slope * (feature - centre) for slope, feature, centre in terms)


@dataclass(frozen=True)
class Mfu:
    """MFU on a device, 0 to 1, its likely range, and what it rests on in words."""

    value: float
    low: float
    high: float
    evidence: str


@dataclass(frozen=True)
class PublishedModel:
    """The line through ``n`` published runs, the range that they cover, and how far runs of a new source are off.

    ``spread`` is in log MFU: nine in ten runs of a source that is left out lie within it.
    """

    line: Line
    n: int
    gmacs: tuple[float, float]
    gpus: tuple[int, int]
    spread: float

    def mfu(self, gmacs: float, gpus: int, family: str, device: Device, reference: Device) -> Mfu:
        """MFU of training on ``gpus`` of a device.

        Larger than any published run counts as the largest, fewer GPUs as the fewest: both can only be as good or
        better, so half of what the line promises beyond widens the range there.
        """
        seen = min(gmacs, self.gmacs[1]), max(gpus, self.gpus[0])
        middle = self.line.log_mfu(*seen) + log(_balance(device, reference))
        smaller = max(0.0, log(self.gmacs[0] / seen[0])) * self.line.slopes[0] / 2
        better = max(0.0, self.line.log_mfu(gmacs, gpus) - self.line.log_mfu(*seen)) / 2
        known = family == FAMILY, device.tflops == reference.tflops
        wide = self.spread + smaller + log(1 if known[0] else OTHER_FAMILY) + log(1 if known[1] else OTHER_GPU)
        low, value, high = (min(MOST, exp(middle + step)) for step in (-wide, 0.0, wide + better))
        return Mfu(value, low, high, self._words(gmacs, gpus, family, known[1]))

    def _words(self, gmacs: float, gpus: int, family: str, same_gpu: bool) -> str:
        outside = [
            f"none of family {family}" if family != FAMILY else "",
            f"none under {self.gmacs[0]:.2g} GMACs a pair" if gmacs < self.gmacs[0] else "",
            f"none on fewer than {self.gpus[0]} GPUs" if gpus < self.gpus[0] else "",
            "" if same_gpu else "none on this GPU",
        ]
        doubts = ", ".join(filter(None, outside))
        return f"{self.n} published runs on A100 by size and GPUs" + (f" ({doubts})" if doubts else "")


@lru_cache
def published_model() -> PublishedModel:
    """The model of all published runs, as it was stored with them."""
    stored = read_json(MFU)
    line, gmacs, gpus = stored["line"], stored["gmacs"], stored["gpus"]
    slopes, centres = (tuple(line[name]) for name in ("slopes", "centres"))
    return PublishedModel(
        Line(line["level"], slopes, centres), stored["n"], (gmacs[0], gmacs[1]), (gpus[0], gpus[1]), stored["spread"]
    )


def _balance(device: Device, reference: Device) -> float:
    """MFU on a device over that on the reference, if a share of the step waits for memory: a roofline of two parts."""
    if not (device.bandwidth_gb_s and reference.bandwidth_gb_s):
        return 1.0
    hungrier = (device.tflops / device.bandwidth_gb_s) / (reference.tflops / reference.bandwidth_gb_s)
    return 1 / (1 - MEMORY_BOUND + MEMORY_BOUND * hungrier)
