"""One image and one text for a model on the meta device, at its own sizes."""

from __future__ import annotations

import torch
from torch import Tensor

from study.models import ClipModel


def meta_inputs(model: ClipModel, keep_patches: float) -> tuple[tuple[Tensor, ...], Tensor]:
    """What ``model.image`` takes (an image, and the kept patches where a share below 1 is seen), and a text.

    Raises ValueError when the tower cannot drop patches.
    """
    size, length = model.image_size, model.text_length
    image = torch.empty(1, 3, size, size, device="meta")
    text = torch.zeros(1, length, dtype=torch.int64, device="meta")
    if keep_patches == 1.0:
        return (image,), text
    kept = max(1, int(model.patches() * keep_patches))
    return (image, torch.zeros(1, kept, dtype=torch.int64, device="meta")), text
