"""One shard that is written: a tar of images and captions, and a table beside it as img2dataset writes it."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import polars as pl

from study.data.decoding import EMPTY
from study.data.pixels import made_or_reason
from study.data.reshard.kept import Kept
from study.errors import DataError
from study.io import write_parquet, write_whole

COLUMNS = {
    "key": pl.String, "uid": pl.String, "caption": pl.String, "score": pl.Float32, "status": pl.String,
    "error_message": pl.String,
}  # fmt: skip
FAILED = "failed_to_read"
_ENDINGS = {b"\x89PNG": "png", b"RIFF": "webp"}  # by an image's first bytes; others are mostly JPEGs


class Shard(NamedTuple):
    """The files of one shard."""

    tar: Path
    table: Path

    @classmethod
    def numbered(cls, folder: Path, number: int, of: int) -> Shard:
        """``00000.tar``, wide enough for all."""
        stem = f"{number:0{max(5, len(str(of - 1)))}d}"
        return cls(folder / f"{stem}.tar", folder / f"{stem}.parquet")

    @property
    def is_there(self) -> bool:
        """Whether both files are, of which the table is written last; whose they are is another question."""
        return self.tar.exists() and self.table.exists()


def write(shard: Shard, pairs: Iterable[tuple[Kept, int]], most_failed: float) -> None:
    """Write a shard of pairs, given by their piece and their place in it.

    An image that cannot be read is left out, and is a row with its reason. Raises DataError when these are more than
    a share of ``most_failed``, as when the data has gone away, and StorageError when a file cannot be written.
    """
    rows: list[dict[str, Any]] = []

    def fill(file: BinaryIO) -> None:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for number, (kept, place) in enumerate(pairs):
                rows.append(_add(tar, f"{shard.tar.stem}{number:06d}", kept, place))
        _check(rows, most_failed)

    write_whole(shard.tar, fill)
    write_parquet(shard.table, pl.DataFrame(rows, schema=COLUMNS))


def _check(rows: list[dict[str, Any]], most_failed: float) -> None:
    reasons = Counter(row["error_message"] for row in rows if row["status"] == FAILED)
    if reasons.total() > most_failed * len(rows):
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        raise DataError(
            f"{reasons.total()} of {len(rows)} images cannot be read ({told}); mend this and run the same command "
            "again, or allow more by --max-unreadable"
        )


def _add(tar: tarfile.TarFile, key: str, kept: Kept, place: int) -> dict[str, Any]:
    samples = kept.samples
    row = {"key": key, "uid": samples.uids[place], "caption": samples.captions[place], "score": kept.scores[place]}
    image, reason = made_or_reason(lambda: samples.read(place))
    if not image:
        return {**row, "status": FAILED, "error_message": reason or EMPTY}
    _member(tar, f"{key}.{_ENDINGS.get(image[:4], 'jpg')}", image)
    _member(tar, f"{key}.txt", samples.captions[place].encode())
    return {**row, "status": "success", "error_message": None}


def _member(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # no time and no owner: the same content is the same file
    member.size = len(content)
    tar.addfile(member, BytesIO(content))
