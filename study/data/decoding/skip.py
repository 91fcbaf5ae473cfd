"""Why an image is left out, and what is too much to decode."""

from __future__ import annotations

UNREADABLE, EMPTY, TOO_LARGE = "unreadable image", "empty image file", "image too large to decode"
MAX_PIXELS = 50_000_000  # more than cameras take; Pillow's own limit is 179 million
MAX_SIDE = 65_500  # pixels, as in libjpeg
MAX_BYTES = 1 << 27  # of an encoded image


class Skip(Exception):
    """An image that cannot be used; the message is the reason it is counted under."""


def check_size(width: int, height: int) -> None:
    """Raises Skip for an image whose header promises too many pixels, before any is decoded."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise Skip(TOO_LARGE)
