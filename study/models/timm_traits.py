"""What timm's towers are, read off a tower on the meta device (no memory, but torch and timm are loaded)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import timm
import torch
from timm.layers.helpers import to_2tuple
from torch import nn

from study.errors import PlanError
from study.models.on_meta import on_meta
from study.models.towers import drops_timm_patches
from study.models.traits import Traits

_FAMILIES = {
    "vision_transformer": "vit",
    "resnet": "resnet",
    "convnext": "convnext",
    "swin_transformer": "swin",
}


@lru_cache
def timm_names() -> frozenset[str]:
    """All architectures of the installed timm, without the tags of pretrained weights."""
    return frozenset(name for name in timm.list_models() if not name.startswith("study_"))


@lru_cache
def native_size(name: str) -> int:
    """The side in pixels that timm gives a tower."""
    config = timm.get_pretrained_cfg(name)
    return int(config.input_size[-1]) if config else 224


@lru_cache
def timm_traits(name: str) -> Traits:
    """Traits of a timm tower; raises PlanError for one that gives no single vector an image."""
    with on_meta():
        trunk: Any = timm.create_model(name).eval()
    convolutional = any(isinstance(m, nn.Conv2d) and m.kernel_size[0] != m.stride[0] for m in trunk.modules())
    attends = any("attention" in type(m).__name__.lower() for m in trunk.modules())
    step = _step(trunk)
    return Traits(
        family=_FAMILIES.get(type(trunk).__module__.rsplit(".", 1)[-1], "other"),
        has_batch_norm=any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in trunk.modules()),
        channels_last=convolutional and not attends,
        patch=step if drops_timm_patches(trunk) else None,
        step=step,
        least=step if step > 1 else 32,
        width=_pooled_width(name, trunk),
        fixed_size=bool(trunk.default_cfg.get("fixed_input_size")) and not hasattr(trunk, "set_input_size"),
    )


def adapter(name: str, projection: str) -> dict[str, str]:
    """open_clip's settings for a tower: its projection of pooled features, or timm's where the two do not fit."""
    with on_meta():
        trunk: Any = timm.create_model(name)
    if timm_traits(name).width == trunk.num_features:
        return {"timm_pool": "", "timm_proj": projection}
    return {"timm_pool": "avg", "timm_proj": ""}


def _pooled_width(name: str, trunk: Any) -> int:
    size = native_size(name)
    try:
        features = trunk.forward_features(torch.empty(1, 3, size, size, device="meta"))
        _, width = trunk.forward_head(features, pre_logits=True).shape
    except Exception as error:  # towers of other shapes fail in ways of their own
        raise PlanError(f"timm:{name} gives no single vector an image ({error}); take another tower") from error
    return int(width)


def _step(trunk: Any) -> int:
    """Image sizes must be a multiple of this: a patch, or a window of patches."""
    embedding = getattr(trunk, "patch_embed", None)
    patch = getattr(embedding, "patch_size", None)
    if not patch:
        return 1
    windows = getattr(trunk, "_ref_window_sizes", None)
    return int(to_2tuple(patch)[0]) * (int(windows[0][0]) if windows else 1)
