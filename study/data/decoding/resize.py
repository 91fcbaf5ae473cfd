"""A part of a decoded image, resized: antialiased, as Pillow's, but on vector instructions."""

from __future__ import annotations

import math
from threading import Lock, Thread, local
from types import ModuleType
from typing import NamedTuple

import numpy as np
from PIL import Image

from study.data.decoding.frame import Frame, Interpolation

RESAMPLING = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
EARLIER = 8  # pixels of the result that may be made before its first, for it to fall on a place between pixels
NEAR = 0.15  # pixels of the source that a place may be off

_thread, _turn = local(), Lock()


def alone() -> None:
    """From now on this thread resizes without the help of others: for threads that decode side by side."""
    _thread.alone = True


class Start(NamedTuple):
    """Begin at pixel ``source`` of the source; the first ``extra`` pixels of the result are not part of it."""

    source: int
    extra: int


def resized(image: np.ndarray, height: float, width: float, frame: Frame) -> np.ndarray:
    """What a frame takes of an image, uint8 (h, w, 3), as ``frame.sides``.

    ``height`` and ``width`` are what h and w were before they were rounded up.
    """
    part, sides = frame.part(height, width), frame.sides(height, width)
    steps = part.height / sides[0], part.width / sides[1]
    rows, columns = _start(part.top, steps[0]), _start(part.left, steps[1])
    if rows is None or columns is None:
        box = part.corners(*image.shape[:2])
        return np.asarray(Image.fromarray(image).resize(sides[::-1], RESAMPLING[frame.interpolation], box))
    return _resized(image, (rows, columns), steps, sides, frame.interpolation)


def _start(place: float, step: float) -> Start | None:
    """How to begin at a place: torch begins at whole pixels only, and steps from there on find places between."""
    for extra in range(EARLIER):
        source = place - extra * step
        if source > -NEAR and abs(source - round(source)) < NEAR:
            return Start(round(source), extra)
    return None


def _resized(
    image: np.ndarray,
    starts: tuple[Start, Start],
    steps: tuple[float, float],
    sides: tuple[int, int],
    interpolation: Interpolation,
) -> np.ndarray:
    torch = _torch()
    rows, columns = (
        slice(start.source, start.source + math.ceil((start.extra + side) * step))
        for start, step, side in zip(starts, steps, sides, strict=True)
    )
    given = torch.from_numpy(image[rows, columns]).permute(2, 0, 1)[None]
    scales = [(1 + 1e-9) / step for step in steps]  # the nudge: lengths of the result are rounded down
    made = torch.nn.functional.interpolate(given, scale_factor=scales, mode=interpolation, antialias=True)
    whole: np.ndarray = made[0].permute(1, 2, 0).numpy()
    top, left = (start.extra for start in starts)
    return np.ascontiguousarray(whole[top : top + sides[0], left : left + sides[1]])


def _torch() -> ModuleType:
    """Loaded here, since sources are also read where it is not wanted; with one thread where that was asked for."""
    import torch

    if getattr(_thread, "alone", False):
        with _turn:
            usual = torch.get_num_threads()
            torch.set_num_threads(1)  # of this thread, and of all that are yet to begin: not wanted
            other = Thread(target=torch.set_num_threads, args=(usual,))
            other.start()
            other.join()
        _thread.alone = False
    return torch
