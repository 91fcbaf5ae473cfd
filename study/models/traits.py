"""What a tower's kind tells about it without building it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from study.models.arch import Arch


@dataclass(frozen=True)
class Traits:
    """Family, norms and sizes of an image tower; sizes in pixels.

    ``patch`` is the side of a patch that can be dropped; image sizes must be multiples of ``step`` and at least
    ``least``; ``width`` is the number of features before the projection, none where only building tells;
    ``fixed_size`` says that the tower takes images of one size only.
    """

    family: str
    has_batch_norm: bool = False
    channels_last: bool = False
    patch: int | None = None
    step: int = 1
    least: int = 1
    width: int | None = None
    fixed_size: bool = False

    def arch(self, name: str, config: Mapping[str, Any], tokenizer: str, trunk: Mapping[str, Any]) -> Arch:
        """The architecture that has a tower of this kind."""
        return Arch(
            name=name,
            family=self.family,
            config=config,
            tokenizer=tokenizer,
            image_size=int(config["vision_cfg"].get("image_size", 224)),  # open_clip's defaults
            text_length=int(config["text_cfg"].get("context_length", 77)),
            has_batch_norm=self.has_batch_norm,
            prefers_channels_last=self.channels_last,
            patch_size=self.patch,
            multiple_of=self.step,
            smallest=self.least,
            width=self.width,
            fixed_size=self.fixed_size,
            trunk=trunk,
        )
