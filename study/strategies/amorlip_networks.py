"""AmorLIP's networks: one a modality, from features to the logarithm of their partition (arXiv:2505.18983)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from study.strategies.amorlip_losses import Pair


class Amortizer(nn.Module):
    """log lambda of one modality from its features: (B, dim) to (B,); hidden width ``width_factor * dim``.

    Raises ValueError for a ``width_factor`` that is not above 0.
    """

    def __init__(self, dim: int, width_factor: float) -> None:
        super().__init__()
        if width_factor <= 0:
            raise ValueError(f"width_factor must be above 0, got {width_factor}")
        hidden = max(1, round(width_factor * dim))
        self.fc1, self.norm1 = nn.Linear(dim, hidden), nn.LayerNorm(hidden)
        self.fc2, self.norm2 = nn.Linear(hidden, dim), nn.LayerNorm(dim)
        self.fc3 = nn.Linear(dim, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Two normalised hidden layers and a shortcut from the features, in fp32 whatever autocast says."""
        with torch.autocast(features.device.type, enabled=False):
            x = features.float() if features.dtype != torch.float64 else features
            h = self.norm1(F.relu(self.fc1(x)))
            h = self.norm2(F.relu(self.fc2(h)))
            out: Tensor = self.fc3(F.relu(h + x)).squeeze(-1)
            return out

    @torch.no_grad()
    def draw(self, generator: torch.Generator, log_z: Tensor) -> None:
        """New weights, uniform as torch's layers begin, with the mean of ``log_z`` as the last bias.

        Untrained amortisers are otherwise off by log B and more, which stage II and the KL form exponentiate.
        ``generator`` is of the CPU, so that every device gets the same weights.
        """
        for layer in (self.fc1, self.fc2, self.fc3):
            bound = layer.in_features**-0.5
            for values in (layer.weight, layer.bias):
                drawn = torch.empty(values.shape, dtype=values.dtype, device="cpu")
                values.copy_(drawn.uniform_(-bound, bound, generator=generator))
        self.norm1.reset_parameters()
        self.norm2.reset_parameters()
        self.fc3.bias.fill_(log_z.mean())


class Amortizers(nn.Module):
    """One amortiser a modality, on features of one width."""

    def __init__(self, dim: int, width_factor: float) -> None:
        super().__init__()
        self.image, self.text = Amortizer(dim, width_factor), Amortizer(dim, width_factor)

    def forward(self, features: Pair) -> Pair:
        """log lambda of images (B, dim) and of texts (B, dim): two tensors (B,)."""
        return self.image(features[0]), self.text(features[1])

    def draw(self, seed: int, log_z: Pair) -> None:
        """New weights from ``seed`` alone; the global generator is left as it is."""
        generator = torch.Generator().manual_seed(seed)
        self.image.draw(generator, log_z[0])
        self.text.draw(generator, log_z[1])
