"""Images decoded once, to frames of uint8, and shared by all processes through a memory-mapped file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import numpy as np

from study.data.decoding import Frame, Skip, decode, frame_of
from study.errors import StorageError
from study.hardware import cpu_threads
from study.io import lock, read_json, write_json, write_whole

__all__ = ["MISSING", "OUTSIDE", "Frame", "Pixels", "Skip", "decode", "decoded", "framed"]

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


def decoded(uids: Sequence[str], read: Callable[[int], bytes], size: int, cache: Path | None) -> Pixels:
    """The square images of ``uids``, ``read`` row by row; from and to a file in ``cache``, if given.

    The file is named by the ids, so that replaced images with old ids need the folder to be emptied. It is not kept
    when images were skipped for a PASSING reason: the next start tries again. Raises StorageError when it cannot be
    written.
    """
    if cache is None:
        return framed(len(uids), read, frame_of(size))
    name = blake2b("\n".join([str(DECODER), *uids]).encode(), digest_size=10).hexdigest()
    path = cache / f"{name}-{size}.npy"
    with lock(cache / f".{name}-{size}.lock", wait=True):
        reasons = path.with_suffix(".json")
        if not path.exists() or _may_pass(reasons):  # a kill may have left one that was not to be kept
            write_whole(path, lambda file: _fill(file, reasons, len(uids), read, size))
        pixels = _open(path)
        if _may_pass(reasons):
            path.unlink()  # the mapping stays usable without its name, and spares the memory of a copy
    return pixels


def framed(count: int, read: Callable[[int], bytes], frame: Frame) -> Pixels:
    """So many images, ``read`` row by row, in memory."""
    skipped: dict[int, str] = {}
    chunks = list(_decode_all(count, read, frame, skipped))
    images = np.concatenate(chunks) if chunks else np.zeros((0, frame.height, frame.width, 3), np.uint8)
    return Pixels(images, skipped)


def _may_pass(reasons: Path) -> bool:
    return not PASSING.isdisjoint(read_json(reasons).values())


def _fill(file: BinaryIO, reasons: Path, count: int, read: Callable[[int], bytes], size: int) -> None:
    """Write the array; the reasons are written before the array gets its name, so that it never lacks them."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, size, size, 3)}
    np.lib.format.write_array_header_2_0(file, header)
    skipped: dict[int, str] = {}
    for chunk in _decode_all(count, read, frame_of(size), skipped):
        file.write(chunk.tobytes())
    write_json(reasons, {str(row): reason for row, reason in skipped.items()})


def _decode_all(
    count: int, read: Callable[[int], bytes], frame: Frame, skipped: dict[int, str]
) -> Iterator[np.ndarray]:
    """Decoded images in chunks, in order; fills ``skipped``."""

    def one(row: int) -> tuple[np.ndarray | None, str]:
        try:
            return decode(read(row), frame), ""
        except Skip as reason:
            return None, str(reason)
        except OSError:
            return None, UNREAD

    with ThreadPoolExecutor(cpu_threads()) as threads:
        for first in range(0, count, CHUNK):
            rows = range(first, min(first + CHUNK, count))
            chunk = np.zeros((len(rows), frame.height, frame.width, 3), np.uint8)
            for row, (image, reason) in zip(rows, threads.map(one, rows), strict=True):
                if image is None:
                    skipped[row] = reason
                else:
                    chunk[row - first] = image
            yield chunk


def _open(path: Path) -> Pixels:
    try:
        images = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read ({error}); remove it and run again") from error
    reasons = read_json(path.with_suffix(".json"))
    return Pixels(images, {int(row): reason for row, reason in reasons.items()})
