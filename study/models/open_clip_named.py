"""Every model that open_clip names, by its own configuration file, without pretrained weights."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from study.errors import PlanError
from study.models.arch import Arch
from study.models.family import Family
from study.models.traits import Traits
from study.models.vocabulary import CLIP
from study.records import PluginConfig
from study.registry import unknown_name

# What open_clip's CustomTextCLIP takes beside the towers.
_MODEL_KEYS = ("embed_dim", "quick_gelu", "init_logit_scale", "init_logit_bias", "nonscalar_logit_scale")
# A captioner's second output, and weights that would come over a network.
_NOT_OURS = ("output_tokens", "timm_model_pretrained")


@lru_cache
def _folder() -> Path:
    spec = find_spec("open_clip")  # finds the package without importing it, which takes seconds
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "model_configs"


@lru_cache
def model_names() -> frozenset[str]:
    """All names that open_clip knows."""
    return frozenset(path.stem for path in _folder().glob("*.json"))


@lru_cache
def _read(name: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text())
    return config


def hub_text_tower(name: str) -> str | None:
    """The text tower that a model takes from a hub of models, which needs a network; else none."""
    found = _read(name)["text_cfg"].get("hf_model_name")
    return str(found) if found else None


def hub_tokenizer(name: str) -> str | None:
    """The tokenizer that a model takes from a hub of models; none for one with CLIP's own."""
    found = _read(name)["text_cfg"].get("hf_tokenizer_name")
    return str(found) if found else None


def text_config(name: str) -> tuple[dict[str, Any], str]:
    """A model's text tower in open_clip's form, and its tokenizer; raises PlanError for one on a hub."""
    if name not in model_names():
        raise unknown_name("open_clip model", name, sorted(model_names()))
    hub = hub_text_tower(name)
    if hub:
        raise PlanError(
            f"{name} takes its text tower {hub!r} from a model hub, which this program does not load; "
            f"take a model with a text tower of open_clip's own, such as ViT-B-32"
        )
    text = dict(_read(name)["text_cfg"])
    text.pop("output_tokens", None)
    return text, hub_tokenizer(name) or CLIP


def text_embed_dim(name: str) -> int:
    """The width of a model's embedding."""
    return int(_read(name)["embed_dim"])


def _vision(vision: dict[str, Any]) -> Traits:
    if "timm_model_name" in vision:
        from study.models.timm_traits import timm_traits

        return timm_traits(vision["timm_model_name"])
    if isinstance(vision.get("layers"), list):
        return Traits("resnet", has_batch_norm=True, channels_last=True, step=32, least=32, width=vision["width"] * 32)
    patch = vision["patch_size"]
    width = None if vision.get("attentional_pool") else vision["width"]
    return Traits("vit", patch=patch, step=patch, least=patch, width=width)


class OpenClipNamed(Family):
    """Models by open_clip's name; a captioner (CoCa) by its two contrastive towers."""

    def names(self) -> list[str]:
        """All names of open_clip, sorted."""
        return sorted(model_names())

    def arch(self, config: PluginConfig) -> Arch:
        """One model; raises PlanError when its text tower is on a hub."""
        text, tokenizer = text_config(config.name)
        source = _read(config.name)
        vision = {k: v for k, v in source["vision_cfg"].items() if k not in _NOT_OURS}
        model = {key: source[key] for key in _MODEL_KEYS if key in source}
        full = {**model, "vision_cfg": vision, "text_cfg": text}
        return _vision(vision).arch(config.name, full, tokenizer, {})
