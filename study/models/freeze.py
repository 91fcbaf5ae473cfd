"""Which parameters of the towers a backbone's features depend on."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

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
    reached = _reached(image, text)
    for name, parameter in twin.clip.named_parameters():
        if parameter not in reached and name.startswith(("visual.", "text.")):
            model.clip.get_parameter(name).requires_grad_(False)


def _reached(*outputs: Tensor) -> set[Tensor]:
    """The leaves that a gradient at some outputs would come back to, by autograd's graph."""
    nodes: list[Any] = [output.grad_fn for output in outputs]
    seen, leaves = set(nodes), set()
    while nodes:
        node = nodes.pop()
        if hasattr(node, "variable"):
            leaves.add(node.variable)
        new = {after for after, _ in node.next_functions if after is not None} - seen
        seen |= new
        nodes.extend(new)
    return leaves


def _on_meta(model: ClipModel) -> ClipModel:
    """A copy whose weights take no memory."""
    memo: dict[int, object] = {id(p): nn.Parameter(p.detach().to("meta")) for p in model.parameters()}
    return deepcopy(model, memo | {id(buffer): buffer.to("meta") for buffer in model.buffers()})
