"""FLIP: CLIP on a random part of the image's patches (Li et al., 2023, arXiv:2212.00794)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from study.models import Arch, ClipModel
from study.records import PluginConfig, RunSpec
from study.strategies.base import Batch, Features, OptimDefaults, Phase
from study.strategies.clip import Clip, embed_pair


def patches_kept(patches: int, mask_ratio: float) -> int:
    """How many of ``patches`` (>= 1) stay at ``mask_ratio`` in [0, 1): rounded down, at least one.

    49 patches at .5 keep 24, at .75 keep 12. Raises ValueError outside these ranges.
    """
    if patches < 1 or not 0 <= mask_ratio < 1:
        raise ValueError(f"need patches >= 1 and 0 <= mask_ratio < 1, got {patches} and {mask_ratio}")
    return max(1, int(patches * (1 - mask_ratio)))


def keep_indices(noise: Tensor, kept: int) -> Tensor:
    """Indices (B, kept) of the patches with the smallest ``noise`` (B, patches), in ascending order of noise.

    Raises ValueError when ``kept`` is not between 1 and the number of patches.
    """
    if not 1 <= kept <= noise.shape[1]:
        raise ValueError(f"cannot keep {kept} of {noise.shape[1]} patches")
    return torch.argsort(noise, dim=1, stable=True)[:, :kept]


class Flip(Clip):
    """CLIP's loss on the kept patches, then a short unmasked tuning phase; evaluated on whole images."""

    class Config(PluginConfig):
        """FLIP's options."""

        name: Literal["flip"] = "flip"
        mask_ratio: float = Field(0.5, ge=0, lt=1, description="share of the patches dropped, section 3")
        unmasked_share: float = Field(
            0.01,
            ge=0,
            lt=1,
            description="share of the samples in the unmasked tuning (.32 of 32 epochs, section 4)",
        )
        unmasked_lr_scale: float = Field(0.01, gt=0, description="learning rate of the tuning, over the main one")

    version = 2
    # arXiv:2212.00794, table 6 of the appendix; lr 4e-6 for each 256 pairs, so linear in the batch
    optim = OptimDefaults(lr=2.56e-4, batch=16384, weight_decay=0.2, beta1=0.9, beta2=0.95, eps=1e-8, scaling="linear")

    @classmethod
    def problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """Only towers that can drop patches."""
        if arch.can_drop_patches:
            return ()
        return (f"FLIP drops patches, which {arch.name} ({arch.family}) cannot; take a ViT, or another strategy",)

    @classmethod
    def length_problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """Too few batches for the tuning that is asked for."""
        if _unmasked_batches(config, spec) or not config.unmasked_share or not config.mask_ratio:
            return ()
        batches = spec.samples_seen // spec.global_batch_size
        return (
            f"FLIP's unmasked_share {config.unmasked_share:g} of {batches:,} batches is less than half a batch; raise "
            f"the budget, set unmasked_share to at least {0.5 / batches:.2g}, or to 0 for no unmasked tuning",
        )

    def phases(self, spec: RunSpec, arch: Arch) -> list[Phase]:
        """The masked phase and the unmasked one, in whole batches."""
        (whole,) = super().phases(spec, arch)
        config: Flip.Config = self.config
        tuned = _unmasked_batches(config, spec) * spec.global_batch_size if config.mask_ratio else 0
        size, length = whole.image_size, whole.text_length
        masked = Phase(spec.samples_seen - tuned, size, length, keep_patches=1 - config.mask_ratio)
        unmasked = Phase(tuned, size, length, lr_scale=config.unmasked_lr_scale)
        return [phase for phase in (masked, unmasked) if phase.samples]

    def embed(self, model: ClipModel, batch: Batch, phase: Phase) -> Features:
        """Features of the kept patches, drawn afresh for each image."""
        if phase.keep_patches == 1:
            return embed_pair(model, batch, phase)
        patches = model.patches(phase.image_size)
        noise = batch.noise.uniform("patches", patches)
        keep = keep_indices(noise, patches_kept(patches, 1 - phase.keep_patches))
        return embed_pair(model, batch, phase, keep=keep)


def _unmasked_batches(config: Flip.Config, spec: RunSpec) -> int:
    return round(config.unmasked_share * (spec.samples_seen // spec.global_batch_size))
