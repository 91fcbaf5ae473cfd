"""One pass over a shard: its samples, where their images lie, and what is known of them."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import BinaryIO

import polars as pl

from study.data.dimensions import HEADER, dimensions
from study.data.shards.fields import FACTS, Fields
from study.data.shards.kinds import other_kind
from study.data.shards.row import LONGEST, NOT_TEXT, SIDES, TOO_LONG, Sample, row_of
from study.data.shards.tar import CutShortError, DamagedError, Member, members
from study.errors import DataError
from study.registry import unknown_name

IMAGES = frozenset({"jpg", "jpeg", "png", "webp"})
LARGEST = 1 << 28  # bytes of an image
CUT, DAMAGED = "end of a shard that is cut short", "rest of a damaged shard"
_KEY = re.compile(r"((?:.*/)?[^./]+)\.([^/]*)", re.DOTALL)  # as webdataset: the base name up to its first dot


class LacksColumnError(DataError):
    """A shard that can be read, and no sample of which has a field that was asked for."""


class Scan:
    """Reads a shard; ``beside`` has what its tables know, by key, and ``columns`` names all of their columns."""

    def __init__(self, fields: Fields, beside: pl.DataFrame, columns: list[str]) -> None:
        self.fields, self.columns = fields, columns
        self.beside = {row.pop("key"): row for row in beside.to_dicts()}
        self.measured = {*(fields.sides or SIDES)} <= {*beside.columns}
        self.needed = [name for name in fields.named() if name not in beside.columns]
        welcome = fields.sides if fields.sides and not self.measured else ()
        self.from_json = [*self.needed, *welcome]
        self.samples: dict[str, Sample] = {}
        self.seen: dict[str, None] = {}  # fields of the .json members

    def read(self, file: BinaryIO, length: int | None = None) -> pl.DataFrame:
        """``FACTS`` of a shard up to where it can be read; the last row tells of a rest that cannot.

        Raises DataError when there is no tar at all, LacksColumnError when no sample has a field that was asked for.
        """
        rest = self._members(file, length)
        if not self.samples and (rest == DAMAGED or other_kind(file)):
            raise DataError(other_kind(file) or "it is no tar file")
        self._check()
        rows = [row_of(sample, self.fields, self.beside.get(sample.key, {})) for sample in self.samples.values()]
        rows += [{"key": "", "problem": rest}] if rest else []
        return pl.DataFrame(rows, schema=FACTS)

    def _members(self, file: BinaryIO, length: int | None) -> str | None:
        """Take all that can be read; what the rest is, if there is one."""
        try:
            for member in members(file, length):
                self._take(member, file)
        except CutShortError:
            return CUT
        except DamagedError:
            return DAMAGED
        return None

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
            sample.problem = TOO_LONG
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
        """A field that is asked for must be somewhere; but scores may be given to some shards and not to others."""
        known = [*{*self.columns, *self.seen}]
        for name in self.needed:
            if name not in self.seen and self.samples and name != self.fields.score:
                raise LacksColumnError(unknown_name("column", name, known))


def _content(member: Member, file: BinaryIO) -> bytes | None:
    """The content of a small member; none of a large one."""
    return _read(member.size, file) if member.size <= LONGEST else None


def _read(size: int, file: BinaryIO) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise CutShortError
    return content
