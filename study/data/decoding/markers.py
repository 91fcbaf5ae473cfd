"""What the segments of a JPEG before its first scan say (ITU T.81, annex B)."""

from __future__ import annotations

from typing import NamedTuple

APP1, SCAN = 0xE1, 0xDA
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}


class Head(NamedTuple):
    """``metadata``: it may say that the image lies on its side; ``scans``: the image may have any number of these."""

    metadata: bool
    scans: bool


def head_of(content: bytes) -> Head | None:
    """The head of a file that begins as a JPEG does; none where it is spoilt."""
    place, metadata, progressive, parts = 2, False, False, 0
    while content[place : place + 1] == b"\xff" and len(content) > place + 9:
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if marker == SCAN:
            return Head(metadata, progressive or content[place + 4] < parts)
        if marker in FRAMES:
            progressive, parts = progressive or marker in PROGRESSIVE, content[place + 9]
        metadata = metadata or marker == APP1
        place += 2 + length
    return None
