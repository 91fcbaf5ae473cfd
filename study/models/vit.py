"""Small ViTs: open_clip's VisionTransformer by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from study.models.family import Member, SmallFamily
from study.models.traits import Traits


class SmallVit(SmallFamily):
    """ViTs with patches of 4 px: 64 patches at 32 px."""

    members: ClassVar[Mapping[str, Member]] = {
        "vit_femto": {"width": 32, "layers": 2, "head_width": 32, "patch_size": 4},
        "vit_pico": {"width": 64, "layers": 3, "head_width": 32, "patch_size": 4},
        "vit_nano": {"width": 96, "layers": 3, "head_width": 32, "patch_size": 4},
    }

    def traits(self, member: Member) -> Traits:
        """A ViT's patches are its grain."""
        patch = member["patch_size"]
        return Traits("vit", patch=patch, step=patch, least=patch, width=member["width"])

    def vision(self, name: str) -> dict[str, Any]:
        """open_clip's own class needs no name in timm."""
        return dict(self.members[name])

    def trunk(self, member: Member) -> Member:
        """Nothing is left for timm."""
        return {}
