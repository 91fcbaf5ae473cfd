"""Small shards of real pictures: the embedded data, written as img2dataset and others would."""

import io
import json
import tarfile

import polars as pl
from PIL import Image

KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}


def pairs(embedded, count, first=0):
    """Captions and images (PNG, JPEG and WebP in turn) of the training pool: rows of key, kind, image, caption."""
    uids = embedded.pool()["uid"].to_list()[first : first + count]
    samples = embedded.samples(uids)
    for row in range(count):
        kind = list(KINDS)[row % len(KINDS)]
        yield {
            "key": f"{first + row:09}",
            "kind": kind,
            "image": encoded(samples.read(row), kind),
            "caption": samples.captions[row],
            "uid": uids[row],
        }


def encoded(content, kind):
    """An image in another format."""
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("RGB").save(file, KINDS[kind], **({"quality": 95} if kind != "png" else {}))
    return file.getvalue()


def write_tar(path, members):
    """A tar of (name, content)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def members(rows, *fields):
    """Images with .txt captions, and a .json of some fields each, if any are named."""
    for row in rows:
        yield f"{row['key']}.{row['kind']}", row["image"]
        yield f"{row['key']}.txt", row["caption"].encode()
        if fields:
            yield f"{row['key']}.json", json.dumps({name: row[name] for name in fields}).encode()


def write_img2dataset(folder, name, rows, **columns):
    """A shard as img2dataset leaves it: tar, .json members and the parquet of all samples, one of which failed."""
    rows = list(rows)
    write_tar(folder / f"{name}.tar", members(rows, "key", "caption"))
    table = pl.DataFrame(
        {
            "key": [*(row["key"] for row in rows), "999999999"],
            "caption": [*(row["caption"] for row in rows), "failed"],
            "status": ["success"] * len(rows) + ["failed_to_download"],
            "error_message": [None] * len(rows) + ["404"],
            "width": pl.Series([48] * len(rows) + [None], dtype=pl.Int32),
            "height": pl.Series([48] * len(rows) + [None], dtype=pl.Int32),
            **{name: pl.Series([*values, None]) for name, values in columns.items()},
        }
    )
    table.write_parquet(folder / f"{name}.parquet")
