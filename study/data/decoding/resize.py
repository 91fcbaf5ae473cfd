"""The centre square of a decoded image, resized: antialiased and bicubic, as Pillow's, but on vector instructions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

EARLIER = 8  # pixels of the result that may be made before its first, for it to fall on a place between pixels
NEAR = 0.15  # pixels of the source that a place may be off


class Start(NamedTuple):
    """Begin at pixel ``source`` of the source; the first ``extra`` pixels of the result are not part of it."""

    source: int
    extra: int


def centre_square(image: np.ndarray, height: float, width: float, size: int) -> np.ndarray:
    """The centre of an image, uint8 (h, w, 3), as (size, size, 3).

    ``height`` and ``width`` are what h and w were before they were rounded up.
    """
    side = min(height, width)
    top, left, step = (height - side) / 2, (width - side) / 2, side / size
    rows, columns = _start(top, step), _start(left, step)
    if rows is None or columns is None:
        box = (left, top, min(left + side, image.shape[1]), min(top + side, image.shape[0]))
        return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC, box))
    return _resized(image, rows, columns, step, size)


def _start(place: float, step: float) -> Start | None:
    """How to begin at a place: torch begins at whole pixels only, and steps from there on find places between."""
    for extra in range(EARLIER):
        source = place - extra * step
        if source > -NEAR and abs(source - round(source)) < NEAR:
            return Start(round(source), extra)
    return None


def _resized(image: np.ndarray, top: Start, left: Start, step: float, size: int) -> np.ndarray:
    import torch  # here: sources are also read where no torch is wanted
    import torch.nn.functional as F

    rows, columns = (
        slice(start.source, start.source + math.ceil((start.extra + size) * step)) for start in (top, left)
    )
    given = torch.from_numpy(image[rows, columns]).permute(2, 0, 1)[None]
    scale = (1 + 1e-9) / step  # the nudge: lengths of the result are rounded down
    made = F.interpolate(given, scale_factor=(scale, scale), mode="bicubic", antialias=True)
    whole: np.ndarray = made[0].permute(1, 2, 0).numpy()
    return np.ascontiguousarray(whole[top.extra : top.extra + size, left.extra : left.extra + size])
