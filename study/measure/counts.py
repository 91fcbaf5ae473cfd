"""Counted multiply-adds of an architecture, kept on disk so that a plan without new configurations loads no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from study.io import lock, read_json, write_json
from study.models import Arch

# Raised when the counter itself counts otherwise; the libraries' versions are part of the key beside it.
COUNTER_VERSION = 2
_LIBRARIES = ("torch", "fvcore", "open_clip_torch", "timm")


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


@lru_cache
def _versions() -> dict[str, str]:
    return {library: version(library) for library in _LIBRARIES}


def counts_key(arch: Arch, image_size: int, text_length: int, keep_patches: float) -> str:
    """What a count depends on, as 24 hex digits."""
    what = {
        "config": arch.config,
        "trunk": arch.trunk,
        "sizes": [image_size, text_length, keep_patches],
        "versions": {**_versions(), "counter": COUNTER_VERSION},
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True, default=list).encode()).hexdigest()[:24]


class CountsCache:
    """Counts in one JSON file; processes that count at the same time keep each other's results."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Any] = read_json(path) if path.exists() else {}

    def count(
        self, arch: Arch, image_size: int | None = None, text_length: int | None = None, keep_patches: float = 1.0
    ) -> Counts:
        """As ``study.measure.flops.count``, from the file where it has the answer."""
        size, length = image_size or arch.image_size, text_length or arch.text_length

        def made() -> Counts:
            from study.measure.flops import count  # loads torch and open_clip

            return count(arch, size, length, keep_patches)

        return Counts(**self._kept(counts_key(arch, size, length, keep_patches), made))

    def recomputed(
        self, arch: Arch, image_size: int | None = None, text_length: int | None = None, keep_patches: float = 1.0
    ) -> Recomputed:
        """As ``study.measure.recomputed.recomputed``, from the file where it has the answer."""
        size, length = image_size or arch.image_size, text_length or arch.text_length

        def made() -> Recomputed:
            from study.measure.recomputed import recomputed  # loads torch and open_clip

            return recomputed(arch, size, length, keep_patches)

        return Recomputed(**self._kept(f"{counts_key(arch, size, length, keep_patches)}-recomputed", made))

    def _kept(self, key: str, made: Callable[[], Counts | Recomputed]) -> dict[str, Any]:
        if key not in self._known:
            found = asdict(made())
            with lock(self.path.with_suffix(".lock"), wait=True):
                on_disk = read_json(self.path) if self.path.exists() else {}
                self._known = {**self._known, **on_disk, key: found}
                write_json(self.path, self._known)
        kept: dict[str, Any] = self._known[key]
        return kept
