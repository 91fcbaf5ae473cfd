"""Width and height of an encoded image from its header, without decoding."""

from __future__ import annotations

HEADER = 64 * 1024  # bytes in which most images say their size; a JPEG's metadata may push it further
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG's start-of-frame markers (ITU T.81, table B.1)


def dimensions(content: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of a JPEG, PNG or WebP as stored, before any turn; none for anything else."""
    try:
        if content[:2] == b"\xff\xd8":
            return _jpeg(content)
        if content[:8] == b"\x89PNG\r\n\x1a\n":
            return _big(content, 16, 4), _big(content, 20, 4)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except IndexError:
        pass
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _FRAMES:
            return _big(content, at + 7, 2), _big(content, at + 5, 2)
        elif marker in (0xD9, 0xDA):  # the image's data, with no frame before
            return None
        else:
            at += 2 + max(2, _big(content, at + 2, 2))
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X":
        return 1 + _little(content, 24, 3), 1 + _little(content, 27, 3)
    if kind == b"VP8L":
        bits = _little(content, 21, 4)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return _little(content, 26, 2) & 0x3FFF, _little(content, 28, 2) & 0x3FFF
    return None


def _field(content: bytes, at: int, size: int) -> bytes:
    if at + size > len(content):
        raise IndexError
    return content[at : at + size]


def _big(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(_field(content, at, size), "big")


def _little(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(_field(content, at, size), "little")
