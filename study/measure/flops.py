"""Multiply-adds of both towers by fvcore on the meta device: no memory, no data, seconds at most."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from study.measure.counts import Counts
from study.measure.flop_handlers import HANDLERS, analyse, elements_made
from study.models import Arch, ClipModel, build

__all__ = ["Counts", "count", "trace"]


class _Image(nn.Module):
    def __init__(self, model: ClipModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, *keep: Tensor) -> Tensor:
        return self.model.image(images, *keep).projected


class _Text(nn.Module):
    def __init__(self, model: ClipModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model.text(tokens).projected


@dataclass(frozen=True)
class Traced:
    """Multiply-adds of a module: in all, by submodule; ``uncounted`` has elements that unknown operators made."""

    macs: int
    by_module: dict[str, int]
    uncounted: dict[str, int]


def trace(module: nn.Module, *inputs: Tensor) -> Traced:
    """Count a module's forward pass on inputs of any device, the meta device included."""
    analysis = analyse(module, inputs, HANDLERS)
    by_module = {name: int(macs) for name, macs in analysis.by_module().items() if macs}
    unknown = sorted(analysis.unsupported_ops())
    elements = analyse(module, inputs, dict.fromkeys(unknown, elements_made)) if unknown else None
    uncounted = {kind: int(elements.by_operator()[kind.removeprefix("aten::")]) for kind in unknown} if elements else {}
    return Traced(int(analysis.total()), by_module, uncounted)


def count(
    arch: Arch, image_size: int | None = None, text_length: int | None = None, keep_patches: float = 1.0
) -> Counts:
    """Forward multiply-adds and parameters; ``keep_patches`` in (0, 1] is the share of patches that are seen.

    Raises PlanError for an image size the tower cannot take, ValueError when it cannot drop patches.
    """
    size, length = image_size or arch.image_size, text_length or arch.text_length
    model = build(arch, size, length, device="meta").eval()
    images = torch.empty(1, 3, size, size, device="meta")
    keep = [] if keep_patches == 1.0 else [_kept(model.patches(size), keep_patches)]
    towers = {
        "image": trace(_Image(model), images, *keep),
        "text": trace(_Text(model), torch.zeros(1, length, dtype=torch.int64, device="meta")),
    }
    return _counts(model, towers)


def _kept(patches: int, share: float) -> Tensor:
    return torch.zeros(1, max(1, int(patches * share)), dtype=torch.int64, device="meta")


def _counts(model: ClipModel, towers: dict[str, Traced]) -> Counts:
    image, text = towers["image"], towers["text"]
    whole = image.macs + text.macs
    return Counts(
        image_gmacs=image.macs / 1e9,
        text_gmacs=text.macs / 1e9,
        image_params_m=_parameters(model.clip.visual),
        text_params_m=_parameters(model.clip.text),
        params_m=_parameters(model),
        by_module={
            "image": _within(image, "model.clip.visual."),
            "text": _within(text, "model.clip.text."),
        },
        uncounted={kind: made / whole for tower in towers.values() for kind, made in tower.uncounted.items()},
    )


def _parameters(module: nn.Module) -> float:
    return sum(p.numel() for p in module.parameters()) / 1e6


def _within(tower: Traced, prefix: str) -> dict[str, float]:
    """GMACs by the tower's own names; what it does outside its modules, a bare projection, is in "" alone."""
    inside = {name.removeprefix(prefix): macs for name, macs in tower.by_module.items() if name.startswith(prefix)}
    return {"": tower.macs / 1e9, **{name: macs / 1e9 for name, macs in inside.items()}}
