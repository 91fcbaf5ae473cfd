"""Forward pass of open_clip's text tower that gives the features before the projection as well."""

from __future__ import annotations

from open_clip.transformer import TextTransformer, text_global_pool
from torch import Tensor, nn

from study.models.towers import TowerOutput


def text_features(tower: TextTransformer, tokens: Tensor) -> TowerOutput:
    """Features of int64 tokens (B, L); L may be shorter than the tower's own length."""
    x, mask = tower._embeds(tokens)
    if mask is not None:  # open_clip cuts the positions to the length, not the causal mask
        mask = mask[..., : x.shape[1], : x.shape[1]]
    x = tower.transformer(x, attn_mask=mask)
    if tower.cls_emb is not None:
        pooled = tower.ln_final(text_global_pool(x, pool_type="last"))
    else:
        pooled = text_global_pool(tower.ln_final(x), tokens, tower.pool_type, tower.eos_id)
    return TowerOutput(pooled, _project(tower.text_projection, pooled))


def _project(projection: nn.Module | Tensor | None, pooled: Tensor) -> Tensor:
    if projection is None:
        return pooled
    return projection(pooled) if isinstance(projection, nn.Module) else pooled @ projection
