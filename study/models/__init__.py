"""Architectures: small members of four families, every open_clip model, every timm tower.

Resolving a name loads no torch for small members and for open_clip's own towers; ``build`` does.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from study.config.options import checked
from study.errors import UnknownNameError
from study.models.arch import Arch, size_problem
from study.models.family import Family
from study.models.vocabulary import tokenizer, tokenizer_problem
from study.records import PluginRef
from study.registry import Registry

if TYPE_CHECKING:
    import torch

    from study.models.clip_model import ClipModel
    from study.models.towers import TowerOutput

# In the order in which a name is looked for; timm, which must be loaded to be asked, comes last.
FAMILIES: Registry[type[Family]] = Registry(
    "architecture family",
    {
        "vit": "study.models.vit:SmallVit",
        "resnet": "study.models.resnet:SmallResNet",
        "convnext": "study.models.convnext:SmallConvNeXt",
        "swin": "study.models.swin:SmallSwin",
        "open_clip": "study.models.open_clip_named:OpenClipNamed",
        "timm": "study.models.timm_named:TimmNamed",
    },
)
SMALL_FAMILIES = ("vit", "resnet", "convnext", "swin")

__all__ = [
    "FAMILIES",
    "SMALL_FAMILIES",
    "Arch",
    "ClipModel",
    "TowerOutput",
    "build",
    "names",
    "resolve",
    "size_problem",
    "tokenizer",
    "tokenizer_problem",
]


def names() -> list[str]:
    """Every name that ``resolve`` knows, families in their order; loads timm."""
    return [name for family in FAMILIES.targets for name in FAMILIES.load(family)().names()]


def resolve(ref: PluginRef) -> Arch:
    """The architecture of a name and its options; nothing is built.

    Raises UnknownNameError with the nearest names, PlanError for options that its family does not have.
    """
    for name in FAMILIES.targets:
        family = FAMILIES.load(name)()
        if ref.name in family.names():
            return family.arch(checked("architecture", family.Config, ref))
    raise _unknown(ref.name)


def _unknown(name: str) -> UnknownNameError:
    near = get_close_matches(name, names(), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    small = [member for family in SMALL_FAMILIES for member in FAMILIES.load(family)().names()]
    return UnknownNameError(
        f"unknown architecture {name!r}{hint} known: {', '.join(small)}, any model of open_clip (study models --all), "
        "any tower of timm as timm:NAME"
    )


def build(
    arch: Arch,
    image_size: int | None = None,
    text_length: int | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
) -> ClipModel:
    """A model with weights drawn from ``seed``, equal on every device; "meta" takes no memory.

    ``image_size`` in pixels and ``text_length`` in tokens default to the architecture's own. Raises PlanError
    for an image size that the tower cannot take.
    """
    from study.models.builder import build_model

    return build_model(arch, image_size or arch.image_size, text_length or arch.text_length, seed, device)


def __getattr__(name: str) -> Any:
    # Names that need torch are loaded when they are asked for.
    if name == "ClipModel":
        from study.models.clip_model import ClipModel

        return ClipModel
    if name == "TowerOutput":
        from study.models.towers import TowerOutput

        return TowerOutput
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
