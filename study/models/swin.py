"""Small Swins: timm's SwinTransformer with windows of 4 by 4 tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from study.models.family import SMALL_IMAGE_SIZE, Member, SmallFamily
from study.models.traits import Traits

_GRAIN = {"patch_size": 4, "window_size": 4}


class SmallSwin(SmallFamily):
    """Swins of two stages that see 8 and 4 positions a side at 32 px: shifted windows, then whole ones."""

    members: ClassVar[Mapping[str, Member]] = {
        "swin_pico": {"embed_dim": 48, "depths": (2, 2), "num_heads": (2, 4), **_GRAIN},
        "swin_nano": {"embed_dim": 64, "depths": (2, 4), "num_heads": (2, 4), **_GRAIN},
    }

    def traits(self, member: Member) -> Traits:
        """A window of patches is its grain; each stage after the first doubles the width."""
        window = member["patch_size"] * member["window_size"]
        return Traits("swin", step=window, least=window, width=member["embed_dim"] * 2 ** (len(member["depths"]) - 1))

    def trunk(self, member: Member) -> Member:
        """timm's class must know the size that its windows are for."""
        return {**member, "img_size": SMALL_IMAGE_SIZE}
