"""CLIP + data augmentation: CLIP's loss on augmented images (Li et al., 2024, arXiv:2404.08197)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from study.data.views.augment import augmented, numbers_for
from study.models import Arch, ClipModel
from study.records import PluginConfig, RunSpec
from study.strategies.base import Batch, Features, OptimDefaults, Phase
from study.strategies.clip import Clip, embed_pair


class ClipAug(Clip):
    """CLIP on an augmented view of each image, drawn afresh at every pass; texts stay, evaluation is on whole images.

    The paper names three augmentations and gives no numbers. Those of the crop are torchvision's, those of
    RandAugment timm's ``rand-n2-m10-mstd0.5``, those of the stack InfoMin's (jitter, blur, RandAugment, grey).
    """

    class Config(PluginConfig):
        """The augmentation and how strong it is."""

        name: Literal["clip_aug"] = "clip_aug"
        augmentation: Literal["crop_flip", "randaugment", "stacked_randaugment"] = Field(
            "crop_flip", description="what is done to the image; the latter two begin with the first"
        )
        crop_min: float = Field(
            0.08,
            gt=0,
            le=1,
            description="least share of the area in the crop; torchvision's default, the paper gives none",
        )
        magnitude: float = Field(
            10.0, ge=0, le=10, description="mean of RandAugment's magnitudes, deviation .5; the paper gives none"
        )
        stored_scale: float = Field(
            2.0, ge=1, le=2, description="side of the stored images, from which views are cropped, over image_size"
        )

    version = 2
    # arXiv:2404.08197: batch 16k, lr 1e-3, decay 1e-4, betas .9 and .999, of Adafactor there; eps is AdamW's own
    optim = OptimDefaults(lr=1e-3, batch=16384, weight_decay=1e-4, beta1=0.9, beta2=0.999, eps=1e-8)

    @classmethod
    def problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """No magnitude for what has none: it would make a run of its own with the same result."""
        if config.augmentation != "crop_flip" or config.magnitude == cls.Config.model_fields["magnitude"].default:
            return ()
        return ("magnitude is RandAugment's, and crop_flip has none; leave it out, or take augmentation: randaugment",)

    def stored_size(self, phase: Phase) -> int:
        """Larger than the views, so that crops have detail."""
        config: ClipAug.Config = self.config
        return round(config.stored_scale * phase.image_size)

    def embed(self, model: ClipModel, batch: Batch, phase: Phase) -> Features:
        """CLIP's features of the augmented images and the whole texts."""
        config: ClipAug.Config = self.config
        numbers = batch.noise.on_host("augmentation", numbers_for(config.augmentation))
        images = augmented(
            batch.images, phase.image_size, numbers, config.augmentation, config.crop_min, config.magnitude
        )
        return embed_pair(model, batch, phase, images=images)
