"""Multiply-adds of both towers by fvcore on the meta device: no memory, no data, seconds at most."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from study.measure.backward import FORWARD, backward
from study.measure.counts import Counts
from study.measure.flop_handlers import analyse, elements_made, handlers
from study.measure.inputs import meta_inputs
from study.measure.kept import digest
from study.models import Arch, ClipModel, build

__all__ = ["Counts", "count", "trace"]


class _Image(nn.Module):
    def __init__(self, model: ClipModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, *keep: Tensor) -> tuple[Tensor, Tensor]:
        features = self.model.image(images, *keep)
        return features.projected, features.backbone


class _Text(nn.Module):
    def __init__(self, model: ClipModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        features = self.model.text(tokens)
        return features.projected, features.backbone


@dataclass(frozen=True)
class Traced:
    """Multiply-adds of a module: of its forward pass, and of training through each of its results, forward included.

    ``by_module`` and ``train_by_module`` split the former and the first of the latter by submodule; ``uncounted`` has
    the elements that unknown operators made.
    """

    macs: int
    train_macs: tuple[int, ...]
    by_module: dict[str, int]
    train_by_module: dict[str, int]
    uncounted: dict[str, int]


def trace(module: nn.Module, *inputs: Tensor, results: int = 1) -> Traced:
    """Count a module that returns a tensor or a tuple of ``results`` tensors, on any device, the meta device included.

    What is trained is what requires a gradient: freeze parameters to see what training the others costs.
    """
    analysis = analyse(module, inputs, handlers())
    counted = analysis.by_module_and_operator()
    trained = [
        {name: ops[FORWARD] + ops[backward(result)] for name, ops in counted.items()} for result in range(results)
    ]
    return Traced(
        macs=counted[""][FORWARD],
        train_macs=tuple(by_module[""] for by_module in trained),
        by_module={name: ops[FORWARD] for name, ops in counted.items() if ops[FORWARD]},
        train_by_module={name: macs for name, macs in trained[0].items() if macs},
        uncounted=_uncounted(module, inputs, sorted(analysis.unsupported_ops())),
    )


def _uncounted(module: nn.Module, inputs: tuple[Tensor, ...], unknown: list[str]) -> dict[str, int]:
    if not unknown:
        return {}
    elements = analyse(module, inputs, dict.fromkeys(unknown, elements_made)).by_operator()
    return {kind: int(elements[kind.split("::", 1)[-1]]) for kind in unknown}


def count(
    arch: Arch,
    image_size: int | None = None,
    text_length: int | None = None,
    keep_patches: float = 1.0,
    traced: dict[str, Traced] | None = None,
) -> Counts:
    """Multiply-adds and parameters; ``keep_patches`` in (0, 1] is the share of patches that are seen.

    ``traced`` has the towers of earlier counts, by what they depend on; new ones are added to it.
    Raises PlanError for an image size the tower cannot take, ValueError when it cannot drop patches.
    """
    size, length = image_size or arch.image_size, text_length or arch.text_length
    model = build(arch, size, length, device="meta").eval()
    image, text = meta_inputs(model, keep_patches)
    towers = {} if traced is None else traced
    of_image = digest({**arch.config, "text_cfg": {}, "trunk": arch.trunk, "sizes": [size, keep_patches]})
    of_text = digest({**arch.config, "vision_cfg": {}, "length": length})
    if of_image not in towers:
        towers[of_image] = trace(_Image(model), *image, results=2)
    if of_text not in towers:
        towers[of_text] = trace(_Text(model), text, results=2)
    return _counts(model, {"image": towers[of_image], "text": towers[of_text]})


def _counts(model: ClipModel, towers: dict[str, Traced]) -> Counts:
    image, text = towers["image"], towers["text"]
    modules = {"image": model.clip.visual, "text": model.clip.text}
    return Counts(
        image_gmacs=image.macs / 1e9,
        text_gmacs=text.macs / 1e9,
        image_train_gmacs=image.train_macs[0] / 1e9,
        text_train_gmacs=text.train_macs[0] / 1e9,
        image_backbone_train_gmacs=image.train_macs[1] / 1e9,
        text_backbone_train_gmacs=text.train_macs[1] / 1e9,
        image_params_m=_parameters(modules["image"]),
        text_params_m=_parameters(modules["text"]),
        params_m=_parameters(model),
        by_module={name: _within(tower.by_module, name) for name, tower in towers.items()},
        train_by_module={name: _within(tower.train_by_module, name) for name, tower in towers.items()},
        params_by_module={name: _parameters_within(module) for name, module in modules.items()},
        uncounted=_shares(image.uncounted, text.uncounted, image.macs + text.macs),
    )


def _parameters(module: nn.Module) -> float:
    return sum(p.numel() for p in module.parameters()) / 1e6


def _parameters_within(tower: nn.Module) -> dict[str, float]:
    found = {name: _parameters(module) for name, module in tower.named_modules()}
    return {name: parameters for name, parameters in found.items() if parameters}


def _within(macs: dict[str, int], tower: str) -> dict[str, float]:
    """GMACs by the tower's own names; what it does outside its modules, a bare projection, is in "" alone."""
    prefix = {"image": "model.clip.visual.", "text": "model.clip.text."}[tower]
    inside = {name.removeprefix(prefix): own for name, own in macs.items() if name.startswith(prefix)}
    return {name: own / 1e9 for name, own in {"": macs[""], **inside}.items()}


def _shares(image: dict[str, int], text: dict[str, int], whole: int) -> dict[str, float]:
    return {kind: (image.get(kind, 0) + text.get(kind, 0)) / whole for kind in sorted({*image, *text})}
