"""One pass over a shard: its samples, where their images lie, and what is known of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, BinaryIO

import polars as pl

from study.data.dimensions import HEADER, dimensions
from study.data.shards.fields import FACTS, Fields
from study.data.shards.tar import CutShortError, DamagedError, Member, members
from study.errors import DataError
from study.registry import unknown_name

IMAGES = frozenset({"jpg", "jpeg", "png", "webp"})
LONGEST = 1 << 20  # bytes of a caption or a .json
LARGEST = 1 << 28  # bytes of an image
NOT_TEXT = "caption that is not UTF-8"
CUT, DAMAGED = "end of a shard that is cut short", "rest of a damaged shard"
LARGEST_SCORE = 3e38  # of 32 bits
_KEY = re.compile(r"((?:.*/)?[^./]+)\.([^/]*)", re.DOTALL)  # as webdataset: the base name up to its first dot
_UID = re.compile(r"[0-9a-f]{32}")


class LacksColumnError(DataError):
    """A shard that can be read, and no sample of which has a field that was asked for."""


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


class Scan:
    """Reads a shard; ``beside`` has what its tables know, by key, and ``columns`` names all of their columns."""

    def __init__(self, fields: Fields, beside: pl.DataFrame, columns: list[str]) -> None:
        self.fields, self.columns = fields, columns
        self.beside = {row.pop("key"): row for row in beside.to_dicts()}
        self.sides = fields.sides or ("width", "height")
        self.measured = {*self.sides} <= {*beside.columns}
        self.needed = [name for name in fields.named() if name not in beside.columns]
        welcome = fields.sides if fields.sides and not self.measured else ()
        self.from_json = [*self.needed, *welcome]
        self.samples: dict[str, Sample] = {}
        self.seen: dict[str, None] = {}  # fields of the .json members

    def read(self, file: BinaryIO, length: int | None = None) -> pl.DataFrame:
        """``FACTS`` of a shard up to where it can be read; the last row tells of a rest that cannot.

        Raises DataError when there is no tar at all, LacksColumnError when no sample has a field that was asked for.
        """
        rest = None
        try:
            for member in members(file, length):
                self._take(member, file)
        except CutShortError:
            rest = CUT
        except DamagedError as error:
            if not self.samples:
                raise DataError("it is no tar file") from error
            rest = DAMAGED
        self._check()
        rows = [self._row(sample) for sample in self.samples.values()]
        rows += [{"key": "", "problem": rest}] if rest else []
        return pl.DataFrame(rows, schema=FACTS)

    def _take(self, member: Member, file: BinaryIO) -> None:
        matched = _KEY.fullmatch(member.name)
        if matched is None:
            return
        kind = matched[2].lower()
        if kind in IMAGES:
            self._image(self._sample(matched[1]), member, file)
        elif kind == "txt" and self.fields.caption is None:
            self._caption(self._sample(matched[1]), _content(member, file))
        elif kind == "json" and self.from_json:
            self._json(self._sample(matched[1]), _content(member, file))

    def _sample(self, key: str) -> Sample:
        return self.samples.setdefault(key, Sample(key))

    def _image(self, sample: Sample, member: Member, file: BinaryIO) -> None:
        if sample.image is not None:
            sample.problem = "several images of one key"
            return
        sample.image = member
        if member.size > LARGEST:
            sample.problem = "image of more than 256 MiB"
        elif self.fields.content:
            content = _read(member.size, file)
            sample.sides = dimensions(content)
            sample.digest = blake2b(content, digest_size=16)
        elif not self.measured:
            sample.sides = dimensions(_read(min(member.size, HEADER), file))

    def _caption(self, sample: Sample, content: bytes | None) -> None:
        if content is None:
            sample.problem = "caption of more than 1 MiB"
            return
        try:
            sample.caption = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            sample.problem = NOT_TEXT

    def _json(self, sample: Sample, content: bytes | None) -> None:
        try:
            known = json.loads(content) if content is not None else None
        except (ValueError, RecursionError):
            known = None
        if not isinstance(known, dict):
            sample.problem = "unreadable .json"
            return
        self.seen.update(dict.fromkeys(known))
        sample.known = {name: known[name] for name in self.from_json if name in known}

    def _check(self) -> None:
        """A field that is asked for must be somewhere."""
        known = [*{*self.columns, *self.seen}]
        for name in self.needed:
            if name not in self.seen and self.samples:
                way = "; study data score adds a column of scores" if name == self.fields.score else ""
                raise LacksColumnError(f"{unknown_name('column', name, known)}{way}")

    def _row(self, sample: Sample) -> dict[str, Any]:
        known = {**sample.known, **self.beside.get(sample.key, {})}
        fields = self.fields
        caption = sample.caption if fields.caption is None else _text(known.get(fields.caption))
        problem = sample.problem or _problem(sample, caption)
        uid = None
        if problem is None and caption is not None:
            uid, problem = self._uid(sample, caption, known)
        width, height = self._sides(sample, known)
        image = sample.digest.digest() if sample.digest is not None else None
        if fields.hash is not None and known.get(fields.hash) is not None:
            image = blake2b(str(known[fields.hash]).encode(), digest_size=16).digest()
        score, problem = _score(known.get(fields.score) if fields.score else None, problem)
        return {
            "key": sample.key, "problem": problem, "caption": caption if problem is None else None, "score": score,
            "offset": sample.image.offset if sample.image else None,
            "size": sample.image.size if sample.image else None,
            "width": width, "height": height,
            **_halves("uid", uid), **_halves("image", image),
        }  # fmt: skip

    def _sides(self, sample: Sample, known: dict[str, Any]) -> tuple[int | None, int | None]:
        width, height = (_side(known.get(name)) for name in self.sides)
        told = (width, height) if width and height else None
        both = (told, sample.sides) if self.fields.sides else (sample.sides, told)
        return both[0] or both[1] or (None, None)

    def _uid(self, sample: Sample, caption: str, known: dict[str, Any]) -> tuple[bytes | None, str | None]:
        if self.fields.uid is None:
            digest = sample.digest.copy()  # as of a row of a table: the image's bytes, a zero and the caption
            digest.update(b"\0" + caption.encode())
            return digest.digest(), None
        given = known.get(self.fields.uid)
        if isinstance(given, str) and _UID.fullmatch(given):
            return bytes.fromhex(given), None
        return None, "no id of 32 hex digits"


def _content(member: Member, file: BinaryIO) -> bytes | None:
    """The content of a small member; none of a large one."""
    return _read(member.size, file) if member.size <= LONGEST else None


def _read(size: int, file: BinaryIO) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise CutShortError
    return content


def _problem(sample: Sample, caption: str | None) -> str | None:
    if sample.image is None:
        return "no image"
    if not sample.image.size:
        return "empty image"
    if not caption or not caption.strip():
        return "no caption"
    return None if caption.isascii() or _is_utf8(caption) else NOT_TEXT


def _is_utf8(caption: str) -> bool:
    try:
        caption.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
        return False
    return True


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
        return None, "score that is no number"
    return (float(value) if value == value else None), None  # NaN is no score


def _halves(name: str, digest: bytes | None) -> dict[str, int | None]:
    if digest is None:
        return {f"{name}_hi": None, f"{name}_lo": None}
    return {f"{name}_hi": int.from_bytes(digest[:8], "big"), f"{name}_lo": int.from_bytes(digest[8:], "big")}
