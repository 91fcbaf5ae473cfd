"""Counted multiply-adds of an architecture, kept on disk so that a plan without new configurations loads no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.measure.kept import Kept, digest, versions
from study.models import Arch

if TYPE_CHECKING:
    from study.measure.flops import Traced

# Raised when the counter itself counts otherwise; the libraries' versions are part of the key beside it.
COUNTER_VERSION = 2


@dataclass(frozen=True)
class Counts:
    """Multiply-adds (in 1e9) of one image and one text, and parameters (in 1e6), of towers that are trained whole.

    ``*_gmacs`` are forward; ``*_train_gmacs`` forward and backward of training through the projected features, and
    ``*_backbone_train_gmacs`` through those before the projection, which is passed forward only.
    ``by_module``, ``train_by_module`` and ``params_by_module`` have a mapping for "image" and one for "text": the
    first, the second and the parameters by the tower's modules; "" is the whole tower, with what it does outside them.
    ``uncounted`` names operators that nobody counts, with their elements over the towers' multiply-adds.
    """

    image_gmacs: float
    text_gmacs: float
    image_train_gmacs: float
    text_train_gmacs: float
    image_backbone_train_gmacs: float
    text_backbone_train_gmacs: float
    image_params_m: float
    text_params_m: float
    params_m: float
    by_module: dict[str, dict[str, float]] = field(default_factory=dict)
    train_by_module: dict[str, dict[str, float]] = field(default_factory=dict)
    params_by_module: dict[str, dict[str, float]] = field(default_factory=dict)
    uncounted: dict[str, float] = field(default_factory=dict)

    @property
    def gmacs_per_sample(self) -> float:
        """Forward multiply-adds a pair, both towers, in 1e9."""
        return self.image_gmacs + self.text_gmacs


@dataclass(frozen=True)
class Recomputed:
    """Multiply-adds (in 1e9) of one image and one text that activation checkpointing makes once more in training."""

    image_gmacs: float
    text_gmacs: float


def counts_key(arch: Arch, image_size: int, text_length: int, keep_patches: float) -> str:
    """What a count depends on, as 24 hex digits."""
    what = {
        "config": arch.config,
        "trunk": arch.trunk,
        "sizes": [image_size, text_length, keep_patches],
        "versions": {**versions(), "counter": COUNTER_VERSION},
    }
    return digest(what)


class CountsCache:
    """Counts in one JSON file; a tower that two new architectures share is counted once."""

    def __init__(self, path: Path) -> None:
        self._kept = Kept(path)
        self._traced: dict[str, Traced] = {}

    def count(
        self, arch: Arch, image_size: int | None = None, text_length: int | None = None, keep_patches: float = 1.0
    ) -> Counts:
        """As ``study.measure.flops.count``, from the file where it has the answer."""
        size, length = image_size or arch.image_size, text_length or arch.text_length

        def find() -> dict[str, Any]:
            from study.measure.flops import count  # loads torch and open_clip

            return asdict(count(arch, size, length, keep_patches, self._traced))

        return Counts(**self._kept.get(counts_key(arch, size, length, keep_patches), find))

    def recomputed(
        self, arch: Arch, image_size: int | None = None, text_length: int | None = None, keep_patches: float = 1.0
    ) -> Recomputed:
        """As ``study.measure.recomputed.recomputed``, from the file where it has the answer."""
        size, length = image_size or arch.image_size, text_length or arch.text_length

        def find() -> dict[str, Any]:
            from study.measure.recomputed import recomputed  # loads torch and open_clip

            return asdict(recomputed(arch, size, length, keep_patches))

        key = f"{counts_key(arch, size, length, keep_patches)}-recomputed"
        return Recomputed(**self._kept.get(key, find))
