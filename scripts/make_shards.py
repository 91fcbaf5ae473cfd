"""Write a small folder as img2dataset leaves it, of the embedded pictures: something to try docs/data.md on.

    python scripts/make_shards.py pool
    python scripts/make_shards.py pool --pairs 7374 --per-shard 1000

Captions are those of the embedded training pairs, three tenths of which are spoilt. As on the web, each shard has one
pair that could not be downloaded, which only the table beside it knows of, and one image that is cut short.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from PIL import Image

from study.data.embedded import Embedded
from study.io import write_parquet, write_whole

KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
SIDE = 48  # pixels of the embedded pictures
SEED = 0  # of which pictures are taken, and of their order
Row = dict[str, Any]


def pairs(source: Embedded, uids: Sequence[str], first: int = 0, kinds: Sequence[str] = ("jpg",)) -> Iterator[Row]:
    """``key``, ``kind``, ``image``, ``caption`` and ``uid`` of pairs; the kinds of image are taken in turn."""
    samples = source.samples(uids)
    for row, uid in enumerate(uids):
        kind = kinds[row % len(kinds)]
        yield {
            "key": f"{first + row:09}",
            "kind": kind,
            "image": encoded(samples.read(row), kind),
            "caption": samples.captions[row],
            "uid": uid,
        }


def encoded(content: bytes, kind: str) -> bytes:
    """An image in another format."""
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("RGB").save(file, KINDS[kind], **({"quality": 95} if kind != "png" else {}))
    return file.getvalue()


def write_tar(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """A tar of (name, content)."""

    def write(file: Any) -> None:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name, content in members:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))

    write_whole(path, write)
    return path


def members(rows: Iterable[Row], *fields: str) -> Iterator[tuple[str, bytes]]:
    """Images with .txt captions, and a .json of some fields each, if any are named."""
    for row in rows:
        yield f"{row['key']}.{row['kind']}", row["image"]
        yield f"{row['key']}.txt", row["caption"].encode()
        if fields:
            yield f"{row['key']}.json", json.dumps({name: row[name] for name in fields}).encode()


def write_img2dataset(folder: Path, name: str, rows: Iterable[Row], **columns: Iterable[Any]) -> None:
    """A shard as img2dataset leaves it: tar, .json members and the parquet of all samples, one of which failed."""
    rows = list(rows)
    write_tar(folder / f"{name}.tar", members(rows, "key", "caption"))
    sides = pl.Series([SIDE] * len(rows) + [None], dtype=pl.Int32)
    table = pl.DataFrame(
        {
            "caption": [*(row["caption"] for row in rows), "failed"],
            "key": [*(row["key"] for row in rows), "999999999"],
            "status": ["success"] * len(rows) + ["failed_to_download"],
            "error_message": [None] * len(rows) + ["HTTP Error 404: Not Found"],
            **dict.fromkeys(("width", "height", "original_width", "original_height"), sides),
            "sha256": [*(hashlib.sha256(row["image"]).hexdigest() for row in rows), None],
            **{name: pl.Series([*values, None]) for name, values in columns.items()},
        }
    )
    write_parquet(folder / f"{name}.parquet", table)


def make(folder: Path, count: int, per_shard: int) -> None:
    """Shards of ``per_shard`` pairs that were asked for, of random training pairs, the same each time."""
    source = Embedded(Embedded.Config())
    uids = source.pool()["uid"].to_list()
    chosen = random.Random(SEED).sample(uids, min(count, len(uids)))
    for number, first in enumerate(range(0, len(chosen), per_shard)):
        part = chosen[first : first + per_shard]
        rows = list(pairs(source, part, 10_000 * number))  # img2dataset's keys: the shard's number, then the row's
        rows[0]["image"] = rows[0]["image"][: len(rows[0]["image"]) // 2]
        write_img2dataset(folder, f"{number:05}", rows)


def main() -> None:
    """Write the folder and say what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=1000, help="at most the 7,374 that there are (default 1000)")
    parser.add_argument("--per-shard", type=int, default=250, help="default 250")
    args = parser.parse_args()
    make(args.folder, args.pairs, args.per_shard)
    found = sorted(args.folder.glob("*.tar"))
    print(f"{args.folder}: {len(found)} shards, {sum(path.stat().st_size for path in found) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
