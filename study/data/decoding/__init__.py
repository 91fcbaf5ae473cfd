"""Encoded images to squares of uint8, fast and safely: JPEG at reduced size, all else by Pillow.

What comes from the web may be hostile: an image is decoded or a ``Skip`` with its reason, in bounded memory (about 16
bytes a pixel of ``MAX_PIXELS`` where all of an image must be decoded, a few megabytes else) and time.
"""

from __future__ import annotations

import numpy as np

from study.data.decoding import jpeg, pillow
from study.data.decoding.skip import EMPTY, MAX_BYTES, TOO_LARGE, UNREADABLE, Skip

__all__ = ["EMPTY", "TOO_LARGE", "UNREADABLE", "Skip", "decode"]


def decode(content: bytes, size: int) -> np.ndarray:
    """An encoded image as uint8 (size, size, 3): upright, on white, short side resized, centre cropped.

    A JPEG in grey or colour is decoded at the least eighth of its size that is enough (simplejpeg, or Pillow's draft
    where that finds fault with it), then resized. From Pillow's full decode with its antialiased bicubic resize, that
    differs by 1 to 2 levels of 255, averaged over the pixels of photographs (below 4 for each photograph, and 0.1 where
    nothing is reduced). Other formats are exactly that.

    Raises Skip for what is no image that can be read, or too large to be.
    """
    if not content:
        raise Skip(EMPTY)
    if len(content) > MAX_BYTES:
        raise Skip(TOO_LARGE)
    square = jpeg.square(content, size)
    return pillow.square(content, size) if square is None else square
