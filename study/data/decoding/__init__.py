"""Encoded images to frames of uint8, fast and safely: JPEG at reduced size, all else by Pillow.

What comes from the web may be hostile: an image is decoded or a ``Skip`` with its reason, in bounded time and memory:
about 16 bytes a pixel of ``MAX_PIXELS`` for all threads together, since large images wait for room, and up to 16
megabytes a thread.
"""

from __future__ import annotations

import numpy as np

from study.data.decoding import jpeg, pillow
from study.data.decoding.frame import Frame, frame_of
from study.data.decoding.skip import EMPTY, MAX_BYTES, TOO_LARGE, UNREADABLE, Skip

__all__ = ["EMPTY", "TOO_LARGE", "UNREADABLE", "Frame", "Skip", "decode", "frame_of"]


def decode(content: bytes, size: int | Frame) -> np.ndarray:
    """An encoded image as uint8 (height, width, 3), upright, on white, as its frame says.

    A side in pixels is what models are trained on here: the centre square, by bicubic interpolation.

    A JPEG in grey or colour is decoded at the least eighth of its size that is enough (simplejpeg, or Pillow's draft
    where that finds fault with it), then resized. From Pillow's full decode with its antialiased resize, that
    differs by 1 to 2 levels of 255, averaged over the pixels of photographs (below 4 for each photograph, and 0.1 where
    nothing is reduced). Other formats are exactly that.

    Raises Skip for what is no image that can be read, or too large to be.
    """
    frame = frame_of(size)
    if not content:
        raise Skip(EMPTY)
    if len(content) > MAX_BYTES:
        raise Skip(TOO_LARGE)
    image = jpeg.framed(content, frame)
    return pillow.framed(content, frame) if image is None else image
