"""Which parameters of the towers a backbone's features depend on."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from study.models.clip_model import ClipModel


def freeze_projections(model: ClipModel) -> None:
    """Stop training what the backbones' features do not depend on, in place: each tower's own projection.

    For strategies that train on the features before it; processes that train together wait for the gradient of every
    parameter that is trained. What is connected is found on a twin on the meta device, whatever the towers are.
    """
    size, length = model.image_size, model.text_length
    twin = _on_meta(model).eval()
    image = twin.image(torch.empty(1, 3, size, size, device="meta")).backbone
    text = twin.text(torch.zeros(1, length, dtype=torch.int64, device="meta")).backbone
    names, parameters = zip(*twin.clip.named_parameters(), strict=True)
    found = torch.autograd.grad(image.sum() + text.sum(), parameters, allow_unused=True)
    for name, gradient in zip(names, found, strict=True):
        if gradient is None and name.startswith(("visual.", "text.")):
            model.clip.get_parameter(name).requires_grad_(False)


def _on_meta(model: ClipModel) -> ClipModel:
    """A copy whose weights take no memory."""
    memo: dict[int, object] = {id(p): nn.Parameter(p.detach().to("meta")) for p in model.parameters()}
    return deepcopy(model, memo | {id(buffer): buffer.to("meta") for buffer in model.buffers()})
