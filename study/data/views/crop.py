"""Random resized crops, as torchvision's RandomResizedCrop draws them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

ATTEMPTS = 10  # torchvision's, after which the whole image is taken
CROP_NUMBERS = 2 * ATTEMPTS + 3  # uniform numbers that crop() takes for each image
VALUES_AT_ONCE = 2**21  # of stored pixels made floats together on a CPU, whose cache holds no more


def boxes(numbers: Tensor, least: float) -> Tensor:
    """Left, top, width and height of each crop as shares of the side: ``numbers`` (B, 22) in [0, 1) to (B, 4).

    The area's share is uniform in ``least`` (0 to 1) to 1, the logarithm of the aspect ratio uniform between 3/4 and
    4/3; the first of ten draws that lies within the image is taken. Places are not rounded to whole pixels.
    """
    areas = least + (1 - least) * numbers[:, :ATTEMPTS]
    aspects = torch.exp((2 * numbers[:, ATTEMPTS : 2 * ATTEMPTS] - 1) * math.log(4 / 3))
    sides = torch.stack([(areas * aspects).sqrt(), (areas / aspects).sqrt()], dim=-1)  # (B, 10, 2)
    fits = (sides <= 1).all(dim=-1)
    first = fits.int().argmax(dim=1)
    taken = sides[torch.arange(len(sides), device=sides.device), first]
    taken = torch.where(fits.any(dim=1, keepdim=True), taken, 1.0)
    return torch.cat([(1 - taken) * numbers[:, 2 * ATTEMPTS :], taken], dim=1)


def crop(images: Tensor, size: int, numbers: Tensor, least: float, flip: bool) -> Tensor:
    """A random resized crop, mirrored in half the cases where ``flip``: floats in 0..255, (B, 3, size, size).

    ``images`` is uint8 (B, 3, S, S); ``numbers`` (B, CROP_NUMBERS) in [0, 1); ``least`` is the least share of the
    area. Bilinear: the mean of 2 x 2 pixels where a crop is twice ``size``; of a larger one it skips pixels, which
    torchvision's antialiasing does not.
    """
    left, top, width, height = boxes(numbers[:, :-1], least).unsqueeze(-1).unbind(dim=1)
    steps = (torch.arange(size, device=numbers.device, dtype=numbers.dtype) + 0.5) / size
    across, down = 2 * (left + width * steps) - 1, 2 * (top + height * steps) - 1  # (B, size)
    if flip:
        across = torch.where(numbers[:, -1:] < 0.5, across.flip(1), across)
    count = max(1, VALUES_AT_ONCE // images[0].numel()) if images.device.type == "cpu" else len(images)
    places = (torch.split(place.to(images.device, non_blocking=True), count) for place in (across, down))
    return torch.cat([_sample(*part) for part in zip(torch.split(images, count), *places, strict=True)])


def _sample(images: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Images at places from -1 to 1 in columns (B, W) and rows (B, H): (B, 3, H, W)."""
    square = (*down.shape, across.shape[1])
    grid = torch.stack([across[:, None, :].expand(square), down[:, :, None].expand(square)], dim=-1)
    pixels = images.to(grid.dtype)
    return F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=False)
