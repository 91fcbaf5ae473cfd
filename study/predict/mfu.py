"""MFU of a run that nothing was measured for, from published runs: by its size and its number of GPUs.

    log mfu = level + slope_size log(gmacs_per_sample) + slope_gpus log(gpus) + slope_jax [in JAX]

The formula is plain arithmetic on stored numbers; ``study.predict.mfu_fit`` makes them, and loads numpy to do so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

from study.hardware import Device
from study.io import read_json
from study.published import MFU

MEMORY_BOUND = 0.5  # assumption: the share of an A100's step that waits for memory rather than for arithmetic
OTHER_GPU = 1.25  # assumption: range added for a GPU that no published run was on
OTHER_FAMILY = 1.3  # assumption: the same for a family that is not among them
OTHER_PRECISION = 1.5  # assumption: the same for fp32, in which none was
FP32_SHARE, FP32_OFF = 1 / 6, 3.0  # assumption where no row says it: vendors' fp32 is 1/2 to 1/16 of their bf16
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
class Chip:
    """A device in the precision that is trained in, ``bf16`` or ``fp32``."""

    device: Device
    precision: str

    @property
    def off(self) -> float:
        """How many times off the peak may be: 1 where it is given."""
        return FP32_OFF if self.device.peak(self.precision) is None else 1.0

    @property
    def tflops(self) -> float:
        """Dense peak in this precision."""
        return self.device.peak(self.precision) or FP32_SHARE * self.device.tflops

    @property
    def numbers_a_second(self) -> float:
        """Billions that memory moves: 2 bytes each in bf16, 4 in fp32; 0 where the bandwidth is not known."""
        return self.device.bandwidth_gb_s / (4 if self.precision == "fp32" else 2)


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

    def mfu(self, gmacs: float, gpus: int, family: str, chip: Chip, reference: Chip) -> Mfu:
        """MFU of training on ``gpus`` of a device, of its peak in the precision at hand.

        Larger than any published run counts as the largest, fewer GPUs as the fewest: both can only be as good or
        better, so half of what the line promises beyond widens the range there.
        """
        seen = min(gmacs, self.gmacs[1]), max(gpus, self.gpus[0])
        middle = self.line.log_mfu(*seen) + log(_balance(chip, reference))
        better = max(0.0, self.line.log_mfu(gmacs, gpus) - self.line.log_mfu(*seen)) / 2
        doubts = self._doubts(gmacs, gpus, family, chip, reference)
        wide = self.spread + sum(map(log, doubts.values()))
        low, value, high = (min(MOST, exp(middle + step)) for step in (-wide, 0.0, wide + better))
        return Mfu(value, low, high, self._words(doubts))

    def _doubts(self, gmacs: float, gpus: int, family: str, chip: Chip, reference: Chip) -> dict[str, float]:
        """What is beyond the published runs, and how many times wider the range is for it."""
        told = (
            (family != FAMILY, f"none of family {family}", OTHER_FAMILY),
            (
                gmacs < self.gmacs[0],
                f"none under {self.gmacs[0]:.2g} GMACs a pair",
                (self.gmacs[0] / gmacs) ** (self.line.slopes[0] / 2),
            ),
            (gpus < self.gpus[0], f"none on fewer than {self.gpus[0]} GPUs", 1.0),
            (chip.device.tflops != reference.device.tflops, "none on this GPU", OTHER_GPU),
            (chip.precision != reference.precision, f"none in {chip.precision}", OTHER_PRECISION),
            (chip.off > 1, f"its peak in {chip.precision} assumed", 1.0),
        )
        return {words: factor for doubted, words, factor in told if doubted}

    def _words(self, doubts: Iterable[str]) -> str:
        outside = ", ".join(doubts)
        return f"{self.n} published runs on A100 by size and GPUs" + (f" ({outside})" if outside else "")


@lru_cache
def published_model() -> PublishedModel:
    """The model of all published runs, as it was stored with them."""
    stored = read_json(MFU)
    line, gmacs, gpus = stored["line"], stored["gmacs"], stored["gpus"]
    slopes, centres = (tuple(line[name]) for name in ("slopes", "centres"))
    return PublishedModel(
        Line(line["level"], slopes, centres), stored["n"], (gmacs[0], gmacs[1]), (gpus[0], gpus[1]), stored["spread"]
    )


def _balance(chip: Chip, reference: Chip) -> float:
    """MFU on a device over that on the reference, if a share of the step waits for memory: a roofline of two parts."""
    if not (chip.numbers_a_second and reference.numbers_a_second):
        return 1.0
    hungrier = (chip.tflops / chip.numbers_a_second) / (reference.tflops / reference.numbers_a_second)
    return 1 / (1 - MEMORY_BOUND + MEMORY_BOUND * hungrier)
