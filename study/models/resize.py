"""A model's position tables brought to other sizes, for strategies whose phases differ in size (RECLIP)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from study.errors import PlanError
from study.models.arch import size_problem
from study.models.clip_model import ClipModel

Grid = tuple[int, int]


def image_table(table: Tensor, old: Grid, new: Grid) -> Tensor:
    """A table (1 + rows * columns, w) for another grid: bicubic, antialiased, the class token's row untouched."""
    squares = table[1:].T.reshape(1, -1, *old)
    squares = squares.to(torch.promote_types(table.dtype, torch.float32))
    resized = F.interpolate(squares, size=new, mode="bicubic", antialias=True, align_corners=False)
    return torch.cat([table[:1], resized[0].flatten(1).T.to(table.dtype)])


def text_table(table: Tensor, length: int) -> Tensor:
    """A table (L, w) for another number of tokens, linear between neighbours."""
    if len(table) == length:
        return table
    return F.interpolate(table.T[None], size=length, mode="linear", align_corners=False)[0].T.contiguous()


def resize(model: ClipModel, image_size: int, text_length: int) -> None:
    """Bring both towers to these sizes in place; optimisers must be made anew for tables that changed.

    Raises PlanError for a size that the image tower cannot take.
    """
    resize_image(model, image_size)
    resize_text(model, text_length)


def resized_like(
    model: ClipModel, values: Mapping[str, Tensor], image_size: int, text_length: int
) -> dict[str, Tensor]:
    """What ``resize`` would make of values in the place of parameters, for those whose shape changes.

    ``values`` has a tensor of a parameter's shape for some names of parameters. The model stays as it is.
    """
    twin = deepcopy(model).cpu()
    parameters = dict(twin.named_parameters())
    with torch.no_grad():
        for name in values.keys() & parameters.keys():
            parameters[name].copy_(values[name])
        resize(twin, image_size, text_length)
    after = dict(twin.named_parameters())
    changed = [name for name in values.keys() & after.keys() if after[name].shape != parameters[name].shape]
    return {name: after[name].detach().to(values[name].device) for name in changed}


def resize_image(model: ClipModel, image_size: int) -> None:
    """Bring the image tower to another size in place; raises PlanError for one that it cannot take."""
    problem = size_problem(model.arch, image_size)
    if problem:
        raise PlanError(problem)
    _RESIZERS[type(model.clip.visual)](model.clip.visual, image_size)
    model.image_size = image_size


def resize_text(model: ClipModel, length: int) -> None:
    """Bring the text tower to another number of tokens in place; a class token keeps its own row."""
    tower = model.clip.text
    own = tower.num_pos - tower.context_length
    words, last = tower.positional_embedding[: tower.context_length], tower.positional_embedding[tower.context_length :]
    _replace(tower, "positional_embedding", torch.cat([text_table(words, length), last]))
    tower.context_length, tower.num_pos = length, length + own
    if tower.attn_mask is not None:
        tower.attn_mask = tower.build_causal_mask().to(tower.attn_mask.device)
    model.text_length = length


def resize_trunk(trunk: Any, image_size: int) -> None:
    """Bring a timm trunk to an image size; windows keep their size, so that their tables keep theirs."""
    if not hasattr(trunk, "set_input_size"):
        return  # convolutions take any size
    embedding = getattr(trunk, "patch_embed", None)
    if getattr(embedding, "img_size", None) == (image_size, image_size):
        return
    windows = getattr(trunk, "_ref_window_sizes", None)
    options = {} if windows is None else {"window_size": windows}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of torch, on how timm interpolates tables of windows
        trunk.set_input_size(img_size=(image_size, image_size), **options)


def _timm(tower: TimmModel, image_size: int) -> None:
    resize_trunk(tower.trunk, image_size)


def _vit(tower: VisionTransformer, image_size: int) -> None:
    grid = (image_size // tower.patch_size[0], image_size // tower.patch_size[1])
    _replace(tower, "positional_embedding", image_table(tower.positional_embedding, tower.grid_size, grid))
    tower.grid_size, tower.image_size = grid, (image_size, image_size)


def _modified_resnet(tower: ModifiedResNet, image_size: int) -> None:
    old, new = tower.image_size // 32, image_size // 32  # the tower's stride
    table = image_table(tower.attnpool.positional_embedding, (old, old), (new, new))
    _replace(tower.attnpool, "positional_embedding", table)
    tower.image_size = image_size


def _replace(module: nn.Module, name: str, table: Tensor) -> None:
    old = getattr(module, name)
    if table.shape != old.shape:
        setattr(module, name, nn.Parameter(table.detach().clone(), requires_grad=old.requires_grad))


_RESIZERS: dict[type[nn.Module], Callable[[Any, int], None]] = {
    VisionTransformer: _vit,
    ModifiedResNet: _modified_resnet,
    TimmModel: _timm,
}
