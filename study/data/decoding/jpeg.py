"""JPEGs by simplejpeg (libjpeg-turbo), which decodes eighths of their size from a part of the frequencies."""

from __future__ import annotations

import numpy as np
import simplejpeg
from PIL import Image

from study.data.decoding.frame import Frame
from study.data.decoding.markers import head_of
from study.data.decoding.pillow import ON_ITS_SIDE, enough, stored_turn
from study.data.decoding.resize import resized
from study.data.decoding.room import ROOM
from study.data.decoding.skip import TOO_LARGE, Skip, check_size

START, SCAN = b"\xff\xd8", b"\xff\xda"
MAX_SCANS = 64  # a progressive image has about ten; each goes over all of it
COLOURS = {"YCbCr", "Gray", "RGB"}  # Adobe's CMYK needs Pillow


def framed(content: bytes, frame: Frame) -> np.ndarray | None:
    """The image, uint8 (height, width, 3); none when simplejpeg cannot or, being strict, will not read it.

    Raises Skip when it is too large.
    """
    if not content.startswith(START):
        return None
    head = head_of(content)
    if (head is None or head.scans) and content.count(SCAN) > MAX_SCANS:
        raise Skip(TOO_LARGE)
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
    except ValueError:
        return None
    check_size(width, height)
    if head is None or colours not in COLOURS:
        return None
    turn = stored_turn(content) if head.metadata else None
    lying = frame.turned() if turn in ON_ITS_SIDE else frame
    least_height, least_width = (enough(side) for side in lying.sides(height, width))
    needed = min(1.0, max(least_height / height, least_width / width) + 1 / 8)
    with ROOM.taken(int(height * width * (1.0 if head.scans else needed**2))):  # several scans hold all of it
        try:
            reduced = simplejpeg.decode_jpeg(content, "RGB", min_height=least_height, min_width=least_width)
        except ValueError:  # also for a stray byte that Pillow passes over
            return None
        share = _eighths(max(reduced.shape[:2]), max(width, height)) / 8
        image = resized(reduced, height * share, width * share, lying)
    return frame.padded(image if turn is None else np.asarray(Image.fromarray(image).transpose(turn)))


def _eighths(reduced: int, length: int) -> int:
    """How many eighths of its length an image was decoded at; that is rounded up to whole pixels."""
    return 8 * reduced // length
