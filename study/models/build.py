"""From an architecture to a model: sizes, initial weights from a seed, any device."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from open_clip.model import CustomTextCLIP
from open_clip.timm_model import TimmModel
from timm.layers.drop import DropPath
from torch import nn

import study.models.registered  # noqa: F401  the small towers, by name
from study.errors import PlanError
from study.models.arch import Arch, size_problem
from study.models.clip_model import ClipModel


def build_model(arch: Arch, image_size: int, text_length: int, seed: int, device: str | torch.device) -> ClipModel:
    """See ``study.models.build``."""
    problem = size_problem(arch, image_size)
    if problem:
        raise PlanError(problem)
    # On "meta" nothing is drawn; elsewhere the CPU draws, so that weights do not depend on the device.
    start = torch.device("meta" if torch.device(device).type == "meta" else "cpu")
    with torch.random.fork_rng(devices=[]), start:
        torch.manual_seed(seed)
        clip = CustomTextCLIP(**_config(arch, image_size, text_length))
        _resize_timm(clip.visual, image_size)
    _without_drop_path(clip)
    return ClipModel(arch, clip, image_size, text_length).to(device)


def _config(arch: Arch, image_size: int, text_length: int) -> dict[str, Any]:
    config: dict[str, Any] = deepcopy(dict(arch.config))
    config["vision_cfg"]["image_size"] = image_size
    config["text_cfg"]["context_length"] = text_length
    return config


def _resize_timm(tower: nn.Module, image_size: int) -> None:
    """open_clip makes timm towers at timm's own size, whatever its configuration says."""
    if isinstance(tower, TimmModel) and hasattr(tower.trunk, "set_input_size"):
        resize_trunk(tower.trunk, image_size)


def resize_trunk(trunk: Any, image_size: int) -> None:
    """Bring a timm trunk to an image size; windows keep their size, so that their tables keep theirs."""
    current = getattr(getattr(trunk, "patch_embed", None), "img_size", None)
    if current == (image_size, image_size):
        return
    windows = getattr(trunk, "_ref_window_sizes", None)
    options = {} if windows is None else {"window_size": windows}
    trunk.set_input_size(img_size=(image_size, image_size), **options)


def _without_drop_path(clip: nn.Module) -> None:
    """A tower is a function of its input: cached features and accumulation rest on equal second passes."""
    for module in clip.modules():
        if isinstance(module, DropPath):
            module.drop_prob = 0.0


def image_width(arch: Arch) -> int:
    """Number of features before the image projection, by a forward pass on the meta device."""
    model = build_model(arch, arch.image_size, arch.text_length, 0, "meta").eval()
    size = arch.image_size
    return int(model.image(torch.empty(1, 3, size, size, device="meta")).backbone.shape[-1])
