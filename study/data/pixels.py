"""Images decoded once, to frames of uint8, and shared by all processes through a memory-mapped file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import numpy as np

from study.data.decoding import Frame, Skip, decode, frame_of
from study.data.decoding.resize import alone
from study.data.kept_array import KeptArray
from study.data.watch import SILENT, Watch
from study.hardware import cpu_threads
from study.io import lock

__all__ = [
    "MISSING",
    "OUTSIDE",
    "Frame",
    "Pixels",
    "Skip",
    "decode",
    "decoded",
    "framed",
    "image_or_reason",
    "made_or_reason",
]

T = TypeVar("T")
CHUNK = 256  # images decoded together, between two writes
# Raised when the same bytes give other pixels. Within the tolerance that ``decode`` states that is no other run, as
# another version of Pillow is none: it names the files of this cache only, and no source's version follows.
DECODER = 2
OUTSIDE, MISSING, UNREAD = "image path outside its root", "missing image file", "unreadable image file"
PASSING = frozenset({OUTSIDE, MISSING, UNREAD})  # faults of the place, which a mount or another root may mend


@dataclass
class Pixels:
    """Decoded images, uint8 (n, height, width, 3), and why some rows are black: row -> reason."""

    images: np.ndarray
    skipped: dict[int, str] = field(default_factory=dict)


def decoded(
    uids: Sequence[str],
    read: Callable[[int], bytes],
    size: int,
    cache: Path | None,
    content: bytes = b"",
    watch: Watch = SILENT,
) -> Pixels:
    """The square images of ``uids``, ``read`` row by row; from and to a file in ``cache``, if given.

    The file is named by the ids and by ``content``, what else is known of the images, so that replaced images of which
    both are the same need the folder to be emptied. One process makes it, and goes on where one before was stopped;
    others wait, then read it; ``watch`` is told of both. Rows that were skipped for a PASSING reason are tried again by
    each that opens it.
    Raises what ``read`` does but for Skip and OSError, and StorageError when the file cannot be written.
    """
    if cache is None:
        return framed(len(uids), read, frame_of(size), watch)
    name = blake2b("\n".join([str(DECODER), *uids]).encode() + content, digest_size=10).hexdigest()
    decode_all = partial(_decode_all, read, frame_of(size), watch)
    kept = KeptArray(cache / f"{name}-{size}.npy", (len(uids), size, size, 3))
    with lock(cache / f".{name}-{size}.lock", waits=lambda: watch.waits(kept.rows_done, len(uids))):
        if kept.exists():
            kept.mend(PASSING, decode_all)
        else:
            kept.make(decode_all)
        return Pixels(kept.opened(), kept.skipped())


def framed(count: int, read: Callable[[int], bytes], frame: Frame, watch: Watch = SILENT) -> Pixels:
    """So many images, ``read`` row by row, in memory."""
    skipped: dict[int, str] = {}
    chunks = list(_decode_all(read, frame, watch, range(count), skipped))
    images = np.concatenate(chunks) if chunks else np.zeros((0, frame.height, frame.width, 3), np.uint8)
    return Pixels(images, skipped)


def image_or_reason(read: Callable[[int], bytes], row: int, frame: Frame | int) -> tuple[np.ndarray | None, str]:
    """The image of a row as ``decode`` gives it and no words; or none, and why it cannot be read."""
    return made_or_reason(lambda: decode(read(row), frame))


def made_or_reason(make: Callable[[], T]) -> tuple[T | None, str]:
    """What is made of an image and no words; or none, and why that cannot be read."""
    try:
        return make(), ""
    except Skip as reason:
        return None, str(reason)
    except OSError:
        return None, UNREAD


def _decode_all(
    read: Callable[[int], bytes], frame: Frame, watch: Watch, wanted: Sequence[int], skipped: dict[int, str]
) -> Iterator[np.ndarray]:
    """Decoded images of the rows that are wanted, in chunks, in order; fills ``skipped``."""

    one = partial(image_or_reason, read, frame=frame)
    with ThreadPoolExecutor(cpu_threads(), initializer=alone) as threads:
        for first in range(0, len(wanted), CHUNK):
            watch.decoded(first, len(wanted))
            rows = wanted[first : first + CHUNK]
            chunk = np.zeros((len(rows), frame.height, frame.width, 3), np.uint8)
            for place, (row, (image, reason)) in enumerate(zip(rows, threads.map(one, rows), strict=True)):
                if image is None:
                    skipped[row] = reason
                else:
                    chunk[place] = image
            yield chunk
