"""Any image tower of timm, beside the text tower of any open_clip model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from study.models.arch import Arch
from study.models.family import Family
from study.models.open_clip_named import text_config, text_embed_dim
from study.records import PluginConfig

PREFIX = "timm:"


class TimmNamed(Family):
    """``timm:NAME``: the tower's own pooling, then a projection to the embedding."""

    class Config(PluginConfig):
        """What a timm tower needs beside its name."""

        text: str = Field("ViT-B-32", description="open_clip model whose text tower is used")
        embed_dim: int | None = Field(None, ge=1, description="width of the embedding; none = that model's own")
        projection: Literal["linear", "mlp"] = Field("linear", description="from the pooled features")

    def names(self) -> list[str]:
        """All towers of the installed timm with their prefix, sorted."""
        from study.models.timm_traits import timm_names

        return sorted(PREFIX + name for name in timm_names())

    def arch(self, config: Config) -> Arch:
        """One tower with its text tower; raises StudyError for a text tower that is not there."""
        from study.models.timm_traits import adapter, native_size, timm_traits

        name = config.name.removeprefix(PREFIX)
        text, tokenizer = text_config(config.text)
        vision = {"timm_model_name": name, "image_size": native_size(name), **adapter(name, config.projection)}
        width = config.embed_dim or text_embed_dim(config.text)
        full = {"embed_dim": width, "vision_cfg": vision, "text_cfg": text}
        return timm_traits(name).arch(config.name, full, tokenizer, {})
