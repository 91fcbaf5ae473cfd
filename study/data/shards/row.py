"""What a sample of a shard is known to be: its row of ``FACTS``, and why it is no pair if it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from study.data.ids import ID
from study.data.shards.fields import Fields
from study.data.shards.tar import Member

SIDES = ("width", "height")  # fields of most shards
LONGEST = 1 << 20  # bytes of a caption or a .json
NOT_TEXT = "caption that is not UTF-8"
TOO_LONG = "caption of more than 1 MiB"
NO_ID = "no id of 32 hex digits"
NO_NUMBER = "score that is no number"
LARGEST_SCORE = 3e38  # of 32 bits


@dataclass
class Sample:
    """What has been read of one key; ``digest`` is over the bytes of its image."""

    key: str
    image: Member | None = None
    digest: Any = None
    sides: tuple[int, int] | None = None
    caption: str | None = None
    known: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


def row_of(sample: Sample, fields: Fields, beside: Mapping[str, Any]) -> dict[str, Any]:
    """``FACTS`` of a sample, some of whose fields a table beside its shard may have."""
    known = {**sample.known, **beside}
    caption = sample.caption if fields.caption is None else _text(known.get(fields.caption))
    problem = sample.problem or _problem(sample, caption)
    uid = None
    if problem is None and caption is not None:
        uid, problem = _uid(sample, fields.uid, caption, known)
    width, height = _sides(sample, fields.sides, known)
    score, problem = _score(known.get(fields.score) if fields.score else None, problem)
    return {
        "key": sample.key, "problem": problem, "caption": caption if problem is None else None, "score": score,
        "offset": sample.image.offset if sample.image else None,
        "size": sample.image.size if sample.image else None,
        "width": width, "height": height,
        **_halves("uid", uid), **_halves("image", _image(sample, known.get(fields.hash) if fields.hash else None)),
    }  # fmt: skip


def _image(sample: Sample, told: object) -> bytes | None:
    """What tells the image apart: what is told of it, or else its bytes if they were read."""
    if told is not None:
        return blake2b(str(told).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return sample.digest.digest() if sample.digest is not None else None


def _sides(sample: Sample, trusted: tuple[str, str] | None, known: Mapping[str, Any]) -> tuple[int | None, int | None]:
    width, height = (_side(known.get(name)) for name in trusted or SIDES)
    told = (width, height) if width and height else None
    both = (told, sample.sides) if trusted else (sample.sides, told)
    return both[0] or both[1] or (None, None)


def _uid(sample: Sample, name: str | None, caption: str, known: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    if name is None:
        digest = sample.digest.copy()  # as of a row of a table: the image's bytes, a zero and the caption
        digest.update(b"\0" + caption.encode())
        return digest.digest(), None
    given = known.get(name)
    if isinstance(given, str) and re.fullmatch(ID, given):
        return bytes.fromhex(given), None
    return None, NO_ID


def _problem(sample: Sample, caption: str | None) -> str | None:
    if sample.image is None:
        return "no image"
    if not sample.image.size:
        return "empty image"
    if not caption or not caption.strip():
        return "no caption"
    try:
        size = len(caption) if caption.isascii() else len(caption.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
        return NOT_TEXT
    return TOO_LONG if size > LONGEST else None


def _side(value: Any) -> int | None:
    """A width or height of a table, which may hold anything."""
    return int(value) if isinstance(value, int | float) and 1 <= value < 2**32 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _score(value: Any, problem: str | None) -> tuple[float | None, str | None]:
    """A number as it is, NaN as none; anything else is no score of a pair."""
    if value is None or problem is not None:
        return None, problem
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST_SCORE:
        return None, NO_NUMBER
    return (float(value) if value == value else None), None  # NaN is no score


def _halves(name: str, digest: bytes | None) -> dict[str, int | None]:
    if digest is None:
        return {f"{name}_hi": None, f"{name}_lo": None}
    return {f"{name}_hi": int.from_bytes(digest[:8], "big"), f"{name}_lo": int.from_bytes(digest[8:], "big")}
