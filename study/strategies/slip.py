"""SLIP: CLIP and SimCLR together (Mu et al., 2021, arXiv:2112.12750)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from study.data.views import normalise, plain
from study.data.views.crop import CROP_NUMBERS, crop
from study.data.views.simclr import SIMCLR_NUMBERS, simclr
from study.models import Arch, ClipModel
from study.records import PluginConfig, RunSpec
from study.strategies.base import Batch, Features, OptimDefaults, Passes, Phase, Progress, StepOutput
from study.strategies.clip import Clip, embed_pair


def simclr_loss(view_a: Tensor, view_b: Tensor, temperature: float) -> Tensor:
    """NT-Xent over 2B samples, self-similarity masked, mean over 2B (arXiv:2002.05709, equation 1).

    ``view_a`` and ``view_b`` are (B, d) projections, not yet normalised; ``temperature`` > 0. A scalar >= 0.
    Raises ValueError when the shapes differ.
    """
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    if view_a.shape != view_b.shape:
        raise ValueError(f"views differ in shape: {view_a.shape} and {view_b.shape}")
    both = F.normalize(torch.cat([view_a, view_b]), dim=-1)  # (2B, d)
    itself = torch.eye(len(both), dtype=torch.bool, device=both.device)
    # -inf, not a large number: -1e9 overflows in half precision
    logits = (both @ both.T / temperature).masked_fill(itself, -torch.inf)
    partner = torch.arange(len(both), device=both.device).roll(len(view_a))
    return F.cross_entropy(logits, partner)


class ProjectionHead(nn.Sequential):
    """SLIP's MLP on backbone features: Linear, BatchNorm, ReLU, twice, then Linear: (B, width) to (B, out)."""

    def __init__(self, width: int, hidden: int = 4096, out: int = 256) -> None:
        super().__init__(
            nn.Linear(width, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, out),
        )


class Slip(Clip):
    """CLIP's loss on a cropped image plus SimCLR's on two augmented views: three image passes a pair.

    The head is applied to one view after the other, so that its batch norms see one view's statistics at a time.
    """

    class Config(PluginConfig):
        """SLIP's options."""

        name: Literal["slip"] = "slip"
        ssl_scale: float = Field(1.0, ge=0, description="weight of SimCLR's loss, section 3")
        temperature: float = Field(0.1, gt=0, description="of SimCLR's loss")
        hidden: int = Field(4096, ge=1, description="width of the projection MLP")
        projection: int = Field(256, ge=1, description="output of the projection MLP")
        crop_min: float = Field(
            0.5, gt=0, le=1, description="least share of the area in the view for CLIP's loss; 1 = the whole image"
        )
        stored_scale: float = Field(
            2.0, ge=1, le=2, description="side of the stored images, from which views are cropped, over image_size"
        )

    version = 2
    # arXiv:2112.12750, section 4: lr 3e-3, batch 4096, weight decay .1
    optim = OptimDefaults(lr=3e-3, batch=4096, weight_decay=0.1, beta1=0.9, beta2=0.98, eps=1e-8)

    @classmethod
    def problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """At least two pairs a batch."""
        if spec.global_batch_size >= 2:
            return ()
        return ("SLIP's head takes statistics over the batch, which one pair has none of; set global_batch_size: 2",)

    def attach(self, model: ClipModel) -> None:
        """SimCLR's head sits on the features before the projection."""
        config: Slip.Config = self.config
        self.head = ProjectionHead(model.image_width, config.hidden, config.projection)

    def passes(self, phase: Phase, arch: Arch, batch: int) -> Passes:
        """One view for CLIP and two for SimCLR, the head on these two, and 2B similarities for each of the two."""
        config: Slip.Config = self.config
        width, hidden, out = arch.image_width, config.hidden, config.projection
        weights = width * hidden + hidden * hidden + hidden * out
        similarities = 2 * 2 * batch * out
        return Passes(
            image=3,
            image_backbone=2,
            extra_gmacs=super().passes(phase, arch, batch).extra_gmacs + (2 * weights + similarities) / 1e9,
            extra_params_m=(weights + 6 * hidden + out) / 1e6,
        )

    def stored_size(self, phase: Phase) -> int:
        """Larger than the views, so that crops have detail."""
        config: Slip.Config = self.config
        return round(config.stored_scale * phase.image_size)

    def embed(self, model: ClipModel, batch: Batch, phase: Phase) -> Features:
        """CLIP's features and the backbone's features of two augmented views."""
        features = embed_pair(model, batch, phase, images=self._base_view(batch, phase))
        for view in ("view_a", "view_b"):
            images = simclr(batch.images, phase.image_size, batch.noise.on_host(view, SIMCLR_NUMBERS))
            features[view] = model.image(images).backbone
        return features

    def _base_view(self, batch: Batch, phase: Phase) -> Tensor:
        config: Slip.Config = self.config
        if config.crop_min == 1:
            return plain(batch.images, phase.image_size)
        numbers = batch.noise.on_host("base_view", CROP_NUMBERS)
        return normalise(crop(batch.images, phase.image_size, numbers, config.crop_min, flip=False))

    def loss(self, model: ClipModel, features: Features, progress: Progress) -> StepOutput:
        """L = L_CLIP + ssl_scale x L_SimCLR (section 3); the head sees the global batch, so its norm does too."""
        config: Slip.Config = self.config
        clip = super().loss(model, features, progress)
        ssl = simclr_loss(self.head(features["view_a"]), self.head(features["view_b"]), config.temperature)
        return StepOutput(clip.loss + config.ssl_scale * ssl, {**clip.logs, "simclr_loss": ssl.detach()})
