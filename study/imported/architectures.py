"""What the name of an architecture says of it, as open_clip and timm name them."""

from __future__ import annotations

import re

# The family is the image tower's; text towers named before it ("xlm-roberta-base-ViT-B-32") say nothing of it.
_FAMILIES = (
    ("resnet", r"(^|[-_])(rn\d|resnet)"),
    ("convnext", r"convnext"),
    ("swin", r"swin"),
    ("other", r"vit_relpos|fastvit"),
    ("vit", r"(^|[-_:])(vit|vitamin|deit)[-_]|^coca_base|^nllb-clip"),
)


def family(arch: str) -> str:
    """The architecture family as plans name it: vit, resnet, convnext, swin; other where the name tells none."""
    return next((name for name, pattern in _FAMILIES if re.search(pattern, arch, re.IGNORECASE)), "other")
