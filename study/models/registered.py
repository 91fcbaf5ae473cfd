"""Makes the small towers known to timm, so that open_clip builds them from a plain configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from timm.models import generate_default_cfgs, register_model
from timm.models._builder import build_model_with_cfg
from timm.models.convnext import ConvNeXt
from timm.models.resnet import BasicBlock, ResNet
from timm.models.swin_transformer import SwinTransformer
from torch import nn

from study.models.convnext import SmallConvNeXt
from study.models.family import SmallFamily
from study.models.resnet import SmallResNet
from study.models.swin import SmallSwin


def small_resnet(channels: tuple[int, ...], **options: Any) -> nn.Module:
    """A ResNet for small images: a stem of 3x3 convolutions, the first of stride 2, without max-pooling."""
    build: Any = ResNet  # its type hints ask for an instance of a block, where a class is meant
    model: nn.Module = build(BasicBlock, channels=channels, stem_type="deep", stem_width=channels[0] // 2, **options)
    model.maxpool = nn.Identity()
    return model


def _register(name: str, make: Callable[..., nn.Module], options: Mapping[str, Any]) -> None:
    def create(pretrained: bool = False, **given: Any) -> nn.Module:
        return build_model_with_cfg(make, create.__name__, pretrained, **{**options, **given})

    create.__name__ = f"study_{name}"  # timm registers a function by its name
    register_model(create)


_FAMILIES: tuple[tuple[SmallFamily, Callable[..., nn.Module]], ...] = (
    (SmallResNet(), small_resnet),
    (SmallConvNeXt(), ConvNeXt),
    (SmallSwin(), SwinTransformer),
)
# Read by timm's register_model from this module.
default_cfgs = generate_default_cfgs({f"study_{name}": {} for family, _ in _FAMILIES for name in family.members})
for _family, _make in _FAMILIES:
    for _name, _member in _family.members.items():
        _register(_name, _make, _family.trunk(_member))
