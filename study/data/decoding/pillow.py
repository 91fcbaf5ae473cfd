"""Images of all formats through Pillow."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from study.data.decoding.frame import Frame
from study.data.decoding.resize import RESAMPLING
from study.data.decoding.room import ROOM
from study.data.decoding.skip import TOO_LARGE, UNREADABLE, Skip, check_size

# What the web has; Pillow knows more, of which some run other programs on the bytes (EPS).
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF", "JPEG2000", "PPM")
# Of memory for large images, in bytes. Blocks of Pillow's 16 MiB stay with the thread that has freed them, all of those
# above 32 MiB go back to the system (mallopt(3), M_MMAP_THRESHOLD).
BLOCK = 1 << 26
Image.core.set_block_size(BLOCK)  # type: ignore[attr-defined]
ORIENTATION = 0x0112  # of EXIF: how the image must be turned to be upright
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_ITS_SIDE = frozenset(TURNS[number] for number in (5, 6, 7, 8))


def framed(content: bytes, frame: Frame) -> np.ndarray:
    """The first frame, uint8 (height, width, 3); raises Skip when it cannot be read or is too large."""
    least = enough(max(frame.height, frame.width))  # on its side or not
    try:
        with _opened(content) as image:
            whole = image.width * image.height
            image.draft("RGB", (least, least))  # a JPEG at reduced size; nothing for other formats
            with ROOM.taken(whole):
                fitted = _fitted(_on_white(_eight_bits(_upright(image))), frame)
    except (MemoryError, Skip):
        raise
    except Exception as error:  # broad: spoilt bytes raise struct.error, TypeError, KeyError and more within Pillow
        raise Skip(UNREADABLE) from error
    return frame.padded(np.asarray(fitted))


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # which turns a TIFF
    turn = turn_of(image)
    return image if turn is None else image.transpose(turn)


def _fitted(image: Image.Image, frame: Frame) -> Image.Image:
    rows, columns = frame.sides(image.height, image.width)
    box = frame.part(image.height, image.width).corners(image.height, image.width)
    return image.resize((columns, rows), RESAMPLING[frame.interpolation], box)


def enough(size: int) -> int:
    """Pixels of a side that a resize to ``size`` should begin with: a little more, lest it only moves them."""
    return size + size // 16


def turn_of(image: Image.Image) -> Image.Transpose | None:
    """What makes an image upright; none where it is, or its metadata are spoilt."""
    try:
        return TURNS.get(image.getexif().get(ORIENTATION, 1))
    except MemoryError:
        raise
    except Exception:  # broad: as above
        return None


def stored_turn(content: bytes) -> Image.Transpose | None:
    """``turn_of`` an encoded image; none where Pillow cannot read its header."""
    try:
        with _opened(content) as image:
            return turn_of(image)
    except MemoryError:
        raise
    except Exception:  # broad: as above
        return None


def _opened(content: bytes) -> Image.Image:
    """The image, its header read and its size checked, its pixels not yet decoded."""
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Skip(TOO_LARGE) from error
    check_size(*image.size)
    return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey by its upper byte: Pillow would make all above 255 white."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
