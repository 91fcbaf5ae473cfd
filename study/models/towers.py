"""Forward passes of open_clip's image towers that give the features before the projection as well.

open_clip's own ``encode_image`` gives only what comes after it, and drops patches only at random.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from timm.models.vision_transformer import VisionTransformer as TimmVit
from torch import Tensor, nn


class TowerOutput(NamedTuple):
    """Features of a tower: ``backbone`` (B, w) before the projection, ``projected`` (B, d) after it."""

    backbone: Tensor
    projected: Tensor


ImageForward = Callable[[Any, Tensor, Tensor | None], TowerOutput]
TextForward = Callable[[Any, Tensor], TowerOutput]


def kept_patches(conv: nn.Conv2d, images: Tensor, keep: Tensor) -> Tensor:
    """Embeddings of the kept patches alone: (B, 3, S, S) and indices (B, k) to (B, k, w).

    Pixels are gathered before the patch convolution, a linear map of a patch, so that dropped ones cost nothing.
    """
    size = conv.kernel_size[0]
    batch, channels, height, width = images.shape
    rows, columns = height // size, width // size
    whole = images[:, :, : rows * size, : columns * size]  # a border that makes no patch is unseen, as in a convolution
    split = whole.reshape(batch, channels, rows, size, columns, size)
    pixels = split.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * size * size)
    chosen = pixels.gather(1, keep.unsqueeze(-1).expand(-1, -1, pixels.shape[-1]))
    return F.linear(chosen, conv.weight.flatten(1), conv.bias)


def vit(tower: VisionTransformer, images: Tensor, keep: Tensor | None) -> TowerOutput:
    """open_clip's ViT; the class token is never dropped, positions are those of the whole image."""
    if keep is None:
        tokens = tower._embeds(images)
    else:
        position = tower.positional_embedding
        patches = kept_patches(tower.conv1, images, keep)
        patches = patches + position[1:][keep].to(patches.dtype)
        first = (tower.class_embedding + position[0]).to(patches.dtype).expand(len(images), 1, -1)
        tokens = tower.ln_pre(torch.cat([first, patches], dim=1))
    pooled, _ = tower._pool(tower.transformer(tokens))
    return TowerOutput(pooled, pooled if tower.proj is None else pooled @ tower.proj)


def modified_resnet(tower: ModifiedResNet, images: Tensor, keep: Tensor | None) -> TowerOutput:
    """CLIP's ResNet: its attention pool is the projection, so the backbone gives the mean over positions."""
    _refuse(tower, keep)
    last = tower.layer4(tower.layer3(tower.layer2(tower.layer1(tower.stem(images)))))
    return TowerOutput(last.mean(dim=(2, 3)), tower.attnpool(last))


def timm_tower(tower: TimmModel, images: Tensor, keep: Tensor | None) -> TowerOutput:
    """A timm tower: its pooled features, then timm's classifier or open_clip's head as the projection."""
    trunk = tower.trunk
    features = trunk.forward_features(images) if keep is None else _timm_vit(trunk, images, keep)
    if hasattr(tower.head, "pool"):  # attention pooling of open_clip's own is the projection
        return TowerOutput(features.mean(dim=(2, 3)), tower.head(features))
    if trunk.num_classes == 0:  # timm's own classifier is gone, open_clip's head projects
        pooled = trunk.forward_head(features)
        return TowerOutput(pooled, tower.head(pooled))
    pooled = trunk.forward_head(features, pre_logits=True)
    return TowerOutput(pooled, tower.head(trunk.get_classifier()(pooled)))


def _timm_vit(trunk: Any, images: Tensor, keep: Tensor) -> Tensor:
    if not drops_timm_patches(trunk):
        _refuse(trunk, keep)
    position, prefix = trunk.pos_embed, 0 if trunk.no_embed_class else trunk.num_prefix_tokens
    patches = trunk.patch_embed.norm(kept_patches(trunk.patch_embed.proj, images, keep))
    patches = patches + position[0, prefix:][keep].to(patches.dtype)
    extra: list[Tensor] = [token for token in (trunk.cls_token, trunk.reg_token) if token is not None]
    if extra:
        first = torch.cat(extra, dim=1)
        first = first + position[:, :prefix] if prefix else first
        patches = torch.cat([first.to(patches.dtype).expand(len(images), -1, -1), patches], dim=1)
    seen: Tensor = trunk.norm(trunk.blocks(trunk.norm_pre(trunk.pos_drop(patches))))
    return seen


def drops_timm_patches(trunk: nn.Module) -> bool:
    """Whether a timm tower is a plain ViT: learned positions added once, patches by one convolution."""
    plain = type(trunk) is TimmVit and trunk.pos_embed is not None
    return plain and type(trunk.patch_embed).__name__ == "PatchEmbed" and not trunk.dynamic_img_size


def _refuse(tower: nn.Module, keep: Tensor | None) -> None:
    if keep is not None:
        raise ValueError(f"{type(tower).__name__} cannot drop patches")


IMAGE_FORWARDS: dict[type[nn.Module], ImageForward] = {
    VisionTransformer: vit,
    ModifiedResNet: modified_resnet,
    TimmModel: timm_tower,
}
