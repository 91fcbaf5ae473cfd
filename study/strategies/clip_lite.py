"""CLIP-Lite: a Jensen-Shannon bound with one negative a positive (Shrivastava et al., 2021, arXiv:2112.07133).

The alignment space is that of two heads on the backbones' features; the towers' own projections are not trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from study.data import views
from study.models import Arch, ClipModel
from study.models.freeze import freeze_projections
from study.records import PluginConfig, RunSpec
from study.strategies.base import (
    Batch,
    Features,
    Heads,
    OptimDefaults,
    Passes,
    Phase,
    Progress,
    StepOutput,
    Strategy,
)
from study.strategies.critic import Critic, Discriminator, jsd_bound, prior_loss, scores

__all__ = ["ClipLite", "Critic", "Discriminator", "jsd_bound", "prior_loss", "scores"]

MODALITIES = ("image", "text")


class ClipLite(Strategy):
    """The bound on pairs, each with the next text of the batch as its negative, and a prior on backbone features.

    Backbones and discriminators lessen one sum, as in the official code; with ``adversarial_prior`` the backbones
    raise the priors' part of it, which draws their features towards uniform noise.
    """

    class Config(PluginConfig):
        """CLIP-Lite's options."""

        name: Literal["clip_lite"] = "clip_lite"
        units: int = Field(2048, ge=1, description="width of the critic's heads, which is that of the embedding")
        prior_weight: float = Field(0.1, ge=0, lt=1, description="weight w of the priors; the bound has 1 - w")
        adversarial_prior: bool = Field(False, description="whether the backbones work against the discriminators")

    # This project's choice: CLIP's AdamW (arXiv:2103.00020, table 19), for a batch as small as the method is made for.
    optim = OptimDefaults(lr=5e-4, batch=1024, weight_decay=0.2, beta1=0.9, beta2=0.98, eps=1e-6)
    inputs: ClassVar[frozenset[str]] = frozenset({"uniform_image", "uniform_text"})

    @classmethod
    def problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """A pair needs another one."""
        if spec.global_batch_size > 1:
            return ()
        return (
            "CLIP-Lite takes its negative from the next pair of the batch, and a batch of 1 has none; "
            "take a global_batch_size of at least 2",
        )

    def attach(self, model: ClipModel) -> None:
        """The critic and a discriminator a modality; the towers' projections are left as they are."""
        self.critic, self.discriminators = self._extras(model.image_width, model.text_width)
        freeze_projections(model)

    def _extras(self, image_width: int, text_width: int) -> tuple[Critic, nn.ModuleDict]:
        config: ClipLite.Config = self.config
        priors = {"image": Discriminator(image_width), "text": Discriminator(text_width)}
        return Critic(image_width, text_width, config.units), nn.ModuleDict(priors)

    def passes(self, phase: Phase, arch: Arch, batch: int) -> Passes:
        """Once through each tower and head, two scores, each discriminator on features and on uniform noise."""
        config: ClipLite.Config = self.config
        with torch.device("meta"):
            critic, priors = self._extras(arch.image_width, arch.text_width)
        macs = _weights(critic) + 2 * config.units + 2 * _weights(priors)
        parameters = sum(p.numel() for module in (critic, priors) for p in module.parameters())
        # the first weights of each discriminator: of the noise that it sees no gradient is asked
        first = sum(next(prior.parameters()).numel() for prior in priors.values())
        return Passes(
            image_backbone=1,
            text_backbone=1,
            extra_gmacs=(macs - first) / 1e9,
            forward_gmacs=2 * first / 1e9,
            extra_params_m=parameters / 1e6,
        )

    def embed(self, model: ClipModel, batch: Batch, phase: Phase) -> Features:
        """The backbones' features of the pairs at hand, and uniform noise of their widths."""
        image = model.image(views.plain(batch.images, phase.image_size)).backbone
        text = model.text(views.truncate(batch.texts, phase.text_length)).backbone
        features = {"image": image, "text": text}
        noise = {f"uniform_{m}": batch.noise.uniform(f"prior_{m}", x.shape[-1]) for m, x in features.items()}
        return {**features, **noise}

    def loss(self, model: ClipModel, features: Features, progress: Progress) -> StepOutput:
        """(1 - w) times the bound plus w times the two priors; theta is the model's ``logit_scale``."""
        config: ClipLite.Config = self.config
        image, text = self.critic.image(features["image"]), self.critic.text(features["text"])
        scale = model.logit_scale.exp()
        # the heads' batch norms do not see the order of a batch, so the next text's embedding is that of a roll
        bound = jsd_bound(scores(image, text, scale), scores(image, text.roll(-1, dims=0), scale))
        prior = self._prior(features)
        loss = (1 - config.prior_weight) * bound + config.prior_weight * prior
        return StepOutput(loss, {"jsd_bound": bound.detach(), "prior_loss": prior.detach()})

    def _prior(self, features: Features) -> Tensor:
        config: ClipLite.Config = self.config
        direction = -1.0 if config.adversarial_prior else 1.0
        losses = [
            prior_loss(_turned(features[m], direction), features[f"uniform_{m}"], self.discriminators[m])
            for m in MODALITIES
        ]
        return losses[0] + losses[1]

    def heads(self) -> Heads:
        """The critic's heads: the alignment space."""
        return Heads(self.critic.image, self.critic.text)


def _turned(features: Tensor, direction: float) -> Tensor:
    """The same values, with the gradient that comes back to them times ``direction``."""
    return direction * features + (1 - direction) * features.detach()


def _weights(module: nn.Module) -> int:
    """Multiply-adds of a row: the weights of all linear layers."""
    return sum(m.weight.numel() for m in module.modules() if isinstance(m, nn.Linear))
