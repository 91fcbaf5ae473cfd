"""The parts of CLIP-Lite: its bound, the critic that scores pairs, the prior on features (arXiv:2112.07133)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SHORTCUT_NOISE = 0.01  # this project's choice: small beside the 1 on the diagonal
INITIAL_SCALE = 1 / 0.07  # exp(theta) where theta starts


def jsd_bound(positive_scores: Tensor, negative_scores: Tensor) -> Tensor:
    """mean softplus(-T+) + mean softplus(T-): the Jensen-Shannon bound on mutual information, to be minimised.

    ``positive_scores`` are those of pairs, ``negative_scores`` those of images with other texts, each (B,). A scalar
    >= 0; 2 ln 2 where all scores are 0. Raises ValueError when the shapes differ.
    """
    if positive_scores.shape != negative_scores.shape:
        raise ValueError(f"scores differ in shape: {positive_scores.shape} and {negative_scores.shape}")
    return F.softplus(-positive_scores).mean() + F.softplus(negative_scores).mean()


def scores(image_embedding: Tensor, text_embedding: Tensor, logit_scale: Tensor | float) -> Tensor:
    """T = exp(theta) <f/|f|, g/|g|>, row by row: two (B, units) to (B,); ``logit_scale`` is exp(theta) itself."""
    cosines = F.normalize(image_embedding, dim=-1) * F.normalize(text_embedding, dim=-1)
    return logit_scale * cosines.sum(dim=-1)


class CriticHead(nn.Module):
    """f or g: LayerNorm(Linear - BatchNorm - ReLU - Linear + a shortcut near the identity).

    (B, width) to (B, units); kept in ``options``, from which an exported model makes it again.
    """

    def __init__(self, width: int, units: int = 2048) -> None:
        super().__init__()
        self.options = {"width": width, "units": units}
        self.nonlinear = nn.Sequential(
            nn.Linear(width, units, bias=False), nn.BatchNorm1d(units), nn.ReLU(), nn.Linear(units, units)
        )
        self.shortcut = nn.Linear(width, units)
        self.norm = nn.LayerNorm(units)
        with torch.no_grad():
            self.shortcut.weight.uniform_(-SHORTCUT_NOISE, SHORTCUT_NOISE)
            self.shortcut.weight.masked_fill_(torch.eye(units, width, dtype=torch.bool), 1.0)

    def forward(self, features: Tensor) -> Tensor:
        """Features of a backbone to the alignment space, not yet of unit norm."""
        embedding: Tensor = self.norm(self.nonlinear(features) + self.shortcut(features))
        return embedding


class Critic(nn.Module):
    """T: a head a modality and a scaled cosine. exp(theta) is given, since theta is the model's own ``logit_scale``."""

    def __init__(self, image_width: int, text_width: int, units: int = 2048) -> None:
        super().__init__()
        self.image = CriticHead(image_width, units)
        self.text = CriticHead(text_width, units)

    def forward(
        self, image_features: Tensor, text_features: Tensor, logit_scale: Tensor | float = INITIAL_SCALE
    ) -> Tensor:
        """T of each pair from the backbones' features, (B, image_width) and (B, text_width): (B,).

        Training needs a batch of at least 2, as its batch norms do.
        """
        return scores(self.image(image_features), self.text(text_features), logit_scale)


class Discriminator(nn.Sequential):
    """D of the prior: the probability that a row is uniform noise, (B, width) to (B, 1) within [0, 1]."""

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.Linear(width, 1000), nn.ReLU(), nn.Linear(1000, 200), nn.ReLU(), nn.Linear(200, 1), nn.Sigmoid()
        )


def prior_loss(features: Tensor, uniform: Tensor, discriminator: Callable[[Tensor], Tensor]) -> Tensor:
    """-[mean log D(uniform) + mean log(1 - D(features))], in at least fp32 whatever autocast says.

    ``features`` and ``uniform`` are (B, width), the latter drawn from [0, 1); ``discriminator`` gives probabilities.
    A scalar >= 0: 2 ln 2 where D is 1/2 everywhere. Finite: a logarithm is taken as at least -100. Raises ValueError
    when the shapes differ.
    """
    if features.shape != uniform.shape:
        raise ValueError(f"features and noise differ in shape: {features.shape} and {uniform.shape}")
    with torch.autocast(features.device.type, enabled=False):
        of_noise, of_features = (
            discriminator(x.to(torch.promote_types(x.dtype, torch.float32))) for x in (uniform, features)
        )
        noise_is_noise = F.binary_cross_entropy(of_noise, torch.ones_like(of_noise))
        return noise_is_noise + F.binary_cross_entropy(of_features, torch.zeros_like(of_features))
