"""Small ResNets: timm's ResNet with the stem of small images, 3x3 convolutions without max-pooling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from study.models.family import Member, SmallFamily
from study.models.traits import Traits


class SmallResNet(SmallFamily):
    """ResNets of basic blocks; the stem halves the image, each stage after the first halves it again."""

    members: ClassVar[Mapping[str, Member]] = {
        "resnet_pico": {"layers": (1, 1, 1, 1), "channels": (32, 64, 128, 256)},
        "resnet_nano": {"layers": (2, 2, 2, 2), "channels": (32, 64, 128, 256)},
    }

    def traits(self, member: Member) -> Traits:
        """Batch norm; any size that leaves a pixel to the last stage."""
        return Traits("resnet", has_batch_norm=True, channels_last=True, least=8, width=member["channels"][-1])
