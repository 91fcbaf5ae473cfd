"""Makes the small towers known to timm, so that open_clip builds them from a plain configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from timm.models import generate_default_cfgs, register_model
from timm.models._builder import build_model_with_cfg
from timm.models.convnext import ConvNeXt
from timm.models.resnet import BasicBlock, ResNet
from timm.models.swin_transformer import SwinTransformer
from torch import nn

from study.models.convnext import SmallConvNeXt
from study.models.family import SMALL_IMAGE_SIZE
from study.models.resnet import SmallResNet
from study.models.swin import SmallSwin


def small_resnet(channels: tuple[int, ...], **options: Any) -> nn.Module:
    """A ResNet for small images: a stem of 3x3 convolutions, the first of stride 2, without max-pooling."""
    build: Any = ResNet  # its type hints ask for an instance of a block, where a class is meant
    model: nn.Module = build(BasicBlock, channels=channels, stem_type="deep", stem_width=channels[0] // 2, **options)
    model.maxpool = nn.Identity()
    return model


def _entry(name: str, make: Callable[..., nn.Module], options: Mapping[str, Any]) -> None:
    def create(pretrained: bool = False, **given: Any) -> nn.Module:
        return build_model_with_cfg(make, create.__name__, pretrained, **{**options, **given})

    create.__name__ = f"study_{name}"
    register_model(create)


_FAMILIES: tuple[tuple[Mapping[str, Mapping[str, Any]], Callable[..., nn.Module]], ...] = (
    (SmallResNet.members, small_resnet),
    (SmallConvNeXt.members, partial(ConvNeXt, patch_size=2, ls_init_value=None)),
    (SmallSwin.members, partial(SwinTransformer, img_size=SMALL_IMAGE_SIZE, drop_path_rate=0.0)),
)
default_cfgs = generate_default_cfgs(
    {f"study_{n}": {"input_size": (3, SMALL_IMAGE_SIZE, SMALL_IMAGE_SIZE)} for m, _ in _FAMILIES for n in m}
)
for _members, _make in _FAMILIES:
    for _name, _options in _members.items():
        _entry(_name, _make, _options)
