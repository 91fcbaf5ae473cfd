"""From an architecture to a model: sizes, initial weights from a seed, any device."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from open_clip.model import CustomTextCLIP
from open_clip.timm_model import TimmModel
from timm.layers.drop import DropPath
from torch import nn

import study.models.registered  # noqa: F401  makes the small towers' names known to timm
from study.errors import PlanError
from study.models.arch import Arch, size_problem
from study.models.clip_model import ClipModel
from study.models.on_meta import on_meta
from study.models.resize import resize_trunk


def build_model(arch: Arch, image_size: int, text_length: int, seed: int, device: str | torch.device) -> ClipModel:
    """See ``study.models.build``."""
    problem = size_problem(arch, image_size)
    if problem:
        raise PlanError(problem)
    # On "meta" nothing is drawn; elsewhere the CPU draws, so that weights do not depend on the device.
    meta = torch.device(device).type == "meta"
    with torch.random.fork_rng(devices=[]), on_meta() if meta else torch.device("cpu"):
        torch.manual_seed(seed)
        clip = CustomTextCLIP(**_config(arch, image_size, text_length))
        if isinstance(clip.visual, TimmModel):  # made at timm's own size, whatever its configuration says
            resize_trunk(clip.visual.trunk, image_size)
    _without_drop_path(clip)
    model = ClipModel(arch, clip, image_size, text_length)
    return model if meta else model.to(device)


def _config(arch: Arch, image_size: int, text_length: int) -> dict[str, Any]:
    config: dict[str, Any] = deepcopy(dict(arch.config))
    config["vision_cfg"]["image_size"] = image_size
    config["text_cfg"]["context_length"] = text_length
    return config


def _without_drop_path(clip: nn.Module) -> None:
    """A tower is a function of its input: cached features and accumulation rest on equal second passes."""
    for module in clip.modules():
        if isinstance(module, DropPath):
            module.drop_prob = 0.0


def image_width(arch: Arch) -> int:
    """Number of features before the image projection, by a forward pass on the meta device."""
    size = arch.image_size
    model = build_model(arch, size, arch.text_length, 0, "meta").eval()
    return int(model.image(torch.empty(1, 3, size, size, device="meta")).backbone.shape[-1])
