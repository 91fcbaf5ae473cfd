"""RECLIP: small images first, then a short phase at full resolution (Li et al., 2023, arXiv:2304.06028)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from study.models import Arch
from study.records import PluginConfig, RunSpec
from study.strategies.base import Phase
from study.strategies.clip import Clip


class Reclip(Clip):
    """CLIP's loss in two phases; position tables are resized on the way, and evaluation is at the full size.

    There is no official code, and the paper leaves the details of the second phase to choice: they are options. Its
    optimiser was not found either; CLIP's is this project's choice.
    """

    class Config(PluginConfig):
        """RECLIP's options."""

        name: Literal["reclip"] = "reclip"
        low_size: int | None = Field(
            None, ge=8, description="side in pixels of the main phase's images; none = half the run's own"
        )
        low_text_length: int | None = Field(
            None, ge=3, description="tokens of the main phase (16 in CLIPA's recipe); none = the run's own"
        )
        full_share: float = Field(
            0.04, gt=0, le=1, description="share of the samples at full size (.01 to .04 in CLIPA's recipe)"
        )
        full_lr_scale: float = Field(
            0.1, gt=0, description="peak learning rate at full size over the main one (1/80 to 1/10 in CLIPA's recipe)"
        )
        fresh_optimizer: bool = Field(
            False, description="forget the optimiser's moments between the phases; else they are resized as well"
        )

    @classmethod
    def problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """A main phase at more than the full size; sizes that a tower cannot take are found from the phases."""
        size, length = spec.image_size or arch.image_size, spec.text_length or arch.text_length
        low, tokens = config.low_size or size // 2, config.low_text_length or length
        if (low, tokens) == (size, length) and config.full_share < 1:
            return ["RECLIP's main phase is as large as the full one, so this is CLIP in two pieces; take clip"]
        found = [(low, size, "low_size", "px"), (tokens, length, "low_text_length", "tokens")]
        return [
            f"RECLIP's main phase is the smaller one, but its {name} is {small} of {full} {unit}; take at most {full}"
            for small, full, name, unit in found
            if small > full
        ]

    @classmethod
    def length_problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """Too few batches for a phase at full size."""
        if _full_batches(config, spec):
            return ()
        batches = spec.samples_seen // spec.global_batch_size
        return (
            f"RECLIP's full_share {config.full_share:g} of {batches:,} batches is less than half a batch, so nothing "
            f"would be trained at full size; raise the budget, or full_share to at least {1 / batches:.2g}",
        )

    def phases(self, spec: RunSpec, arch: Arch) -> list[Phase]:
        """The main phase at low resolution and the one at full resolution, in whole batches."""
        config: Reclip.Config = self.config
        (whole,) = super().phases(spec, arch)
        full = _full_batches(config, spec) * spec.global_batch_size
        main = Phase(
            samples=spec.samples_seen - full,
            image_size=config.low_size or whole.image_size // 2,
            text_length=config.low_text_length or whole.text_length,
        )
        if not main.samples:
            return [whole]
        last = Phase(
            full,
            whole.image_size,
            whole.text_length,
            lr_scale=config.full_lr_scale,
            fresh_optimizer=config.fresh_optimizer,
        )
        return [main, last]


def _full_batches(config: Reclip.Config, spec: RunSpec) -> int:
    return round(config.full_share * (spec.samples_seen // spec.global_batch_size))
