"""open_clip's two towers behind the one interface that strategies, counting and evaluation use."""

from __future__ import annotations

from typing import cast

from open_clip.model import CustomTextCLIP
from torch import Tensor, nn

from study.models.arch import Arch
from study.models.text_tower import text_features
from study.models.towers import IMAGE_FORWARDS, ImageForward, TextForward, TowerOutput


class ClipModel(nn.Module):
    """An image and a text tower; ``clip`` is open_clip's own model with its own names of weights."""

    def __init__(self, arch: Arch, clip: CustomTextCLIP, image_size: int, text_length: int) -> None:
        super().__init__()
        self.arch = arch
        self.clip = clip
        self.image_size = image_size
        self.text_length = text_length
        # how the towers are run: functions of a tower, so that others may stand in for them while a run trains
        self.image_forward: ImageForward = IMAGE_FORWARDS[type(clip.visual)]
        self.text_forward: TextForward = text_features
        self.has_batch_norm = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in clip.modules())

    def image(self, images: Tensor, keep: Tensor | None = None) -> TowerOutput:
        """Features of normalised images (B, 3, S, S); ``keep`` (B, k) int64 are the patches that are seen.

        Raises ValueError when the tower cannot drop patches.
        """
        return self.image_forward(self.clip.visual, images, keep)

    def text(self, tokens: Tensor) -> TowerOutput:
        """Features of int64 tokens (B, L), L up to the model's text length."""
        return self.text_forward(self.clip.text, tokens)

    def patches(self, image_size: int | None = None) -> int:
        """Patches of an image; ValueError for a tower that cannot drop them."""
        return self.arch.patches(image_size or self.image_size)

    @property
    def logit_scale(self) -> nn.Parameter:
        """Natural logarithm of the factor on the cosine similarities."""
        return cast(nn.Parameter, self.clip.logit_scale)

    @property
    def logit_bias(self) -> nn.Parameter | None:
        """What is added to the scaled similarities, where the architecture has it."""
        return cast("nn.Parameter | None", self.clip.logit_bias)

    @property
    def can_drop_patches(self) -> bool:
        """Whether ``image`` takes ``keep``."""
        return self.arch.can_drop_patches

    @property
    def prefers_channels_last(self) -> bool:
        """Whether convolutions dominate the image tower, which are faster in that memory format."""
        return self.arch.prefers_channels_last

    @property
    def embed_dim(self) -> int:
        """Width of the projected features."""
        return self.arch.embed_dim

    @property
    def image_width(self) -> int:
        """Width of the image backbone's features."""
        return self.arch.image_width

    @property
    def text_width(self) -> int:
        """Width of the text backbone's features."""
        return self.arch.text_width
