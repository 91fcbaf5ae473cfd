"""What steps take in memory, kept on disk so that a plan without new configurations makes no step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.collector import collector_paused
from study.measure.kept import Kept, key_of
from study.models import Arch
from study.predict.memory import LossMemory, TowersMemory

if TYPE_CHECKING:
    from study.strategies.base import Phase, Strategy

# Raised when the model of a step itself changes; the libraries' versions are part of the key beside it.
MODEL_VERSION = 2


@dataclass(frozen=True)
class Setting:
    """In what a run is trained: ``bf16`` autocast or fp32, on a GPU or a CPU, with activation checkpointing or not."""

    bf16: bool
    gpu: bool
    checkpointing: bool = False


class MemoryCache:
    """Coefficients of training steps in one JSON file."""

    def __init__(self, path: Path) -> None:
        self._kept = Kept(path)

    def towers(self, arch: Arch, strategy: Strategy, phase: Phase, setting: Setting) -> TowersMemory:
        """As ``study.measure.towers_memory``, from the file where it has the answer."""

        def find() -> TowersMemory:
            from study.measure.towers_memory import towers_memory  # loads torch and open_clip

            return towers_memory(arch, strategy, phase, setting)

        sizes = [phase.image_size, phase.text_length, phase.keep_patches]
        return TowersMemory.of(self._get(arch, strategy, {"sizes": sizes, "setting": asdict(setting)}, find))

    def loss(
        self, arch: Arch, strategy: Strategy, phase: Phase, features: Mapping[str, list[int]], batch: int
    ) -> LossMemory:
        """As ``study.measure.loss_memory``, from the file where it has the answer.

        It is the same in all phases, since a loss sees features and not what they are made of.
        """

        def find() -> LossMemory:
            from study.measure.loss_memory import loss_memory  # loads torch and open_clip

            return loss_memory(arch, strategy, phase, features, batch)

        return LossMemory(**self._get(arch, strategy, {"features": features, "batch": batch}, find))

    def _get(
        self, arch: Arch, strategy: Strategy, given: Mapping[str, Any], find: Callable[[], TowersMemory | LossMemory]
    ) -> dict[str, Any]:
        def plain() -> dict[str, Any]:
            with collector_paused():  # fake tensors go by their count of references
                return asdict(find())

        what = {
            "model": MODEL_VERSION,
            "arch": [arch.config, arch.trunk],
            "strategy": [strategy.config.model_dump(mode="json"), strategy.version],
        }
        found: dict[str, Any] = self._kept.get(key_of({**what, **given}), plain)
        return found
