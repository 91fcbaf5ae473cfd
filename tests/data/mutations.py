"""Shards and tables that are broken on purpose, each by a number: the same number is the same file."""

import io
import random
import tarfile

import polars as pl

from tests.data import shards

BLOCK = 512
NAMES = (
    "../../escaped.jpg", "/etc/absolute.jpg", "a/../../b.jpg", "nul\0l.jpg", "x" * 300 + ".jpg", ".jpg", "..", "",
    "noend", "a.b.c.jpg", "\udcff.jpg", "ünï.jpg", "000000001.JPG", "con.jpg ", "a/.jpg", "." * 90, "//.jpg",
)  # fmt: skip
SIZES = (1 << 40, 1 << 62, (1 << 80) + 5, 77, 0, 513, (1 << 28) + 1, 8 << 30)
KINDS = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
ODD_KINDS = (b"S", b"M", b"V", b"D", b"N", b"z", b"\xff", tarfile.CONTTYPE)
RECORDS = (
    b"30 size=99999999999999999999\n", b"9999999999999999999999999 path=a\n", b"12 size=abcd\n", b"no record at all",
    b"19 path=../../x.jpg\n", b"4 =\n", b"0 path=x\n", b"22 GNU.sparse.major=1\n" b"24 GNU.sparse.realsize=9\n",
    b"size=" + b"9" * 5000 + b"\n", b"5012 size=" + b"9" * 5001 + b"\n", b"17 path=\xff\xfe.jpg\n", b"13 size=-512\n",
    b"20 linkpath=/etc/pw\n" * 40,
)  # fmt: skip
CAPTIONS = (
    b"", b" \n", b"\xff\xfe\xfa", b"x" * ((1 << 20) + 1), b"word " * 100_000, b"\0" * 50, "\u202e\u0000é".encode(),
    b"\xed\xa0\x80", b"%s {} \\ \" '", b"\xef\xbb\xbfBOM",
)  # fmt: skip
JSONS = (
    b"{", b"[" * 100_000, b'{"caption": 5}', b'{"caption": "\\ud800"}', b'{"width": 1e999, "caption": "a"}', b"null",
    b'{"similarity": ' + b"9" * 5000 + b"}", b'{"similarity": 1e400}', b'{"similarity": "NaN"}', b"\xff",
)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
IMAGES = (
    b"", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 ", PNG, PNG + b"\0\x01\x86\xa0" * 2 + b"\x08\x02\0\0\0" + bytes(64),
    b"GIF89a" + b"\xff" * 20, b"<svg/>", b"\0" * 4096, b"\xff\xd8\xff\xe0\xff\xff", b"%!PS-Adobe",
)  # fmt: skip


def flipped(content, chance):
    """Some bits the other way."""
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 4, 30)) if spoilt else 0):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def cut(content, chance):
    return content[: chance.randrange(len(content) + 1)]


def patched(content, chance):
    """A piece replaced by zeros, by noise or by another piece, or taken out."""
    start, length = chance.randrange(len(content)), chance.choice((1, 100, BLOCK, 5000))
    other = chance.randrange(len(content))
    middle = chance.choice((bytes(length), chance.randbytes(length), content[other : other + length], b""))
    return content[:start] + middle + content[start + length :]


def lying(content, rows, which=-1):
    """Parquet of so many rows, one of whose pages says that it has fewer than none: polars may end the process over it.

    A page's header is a struct (0x2c) that begins with the number of values (0x15), as twice what it is.
    """
    told, lie = (bytes((0x2C, 0x15, twice)) for twice in (2 * rows, 2 * rows + 1))
    parts = content.split(told)
    if len(parts) == 1:
        return content
    at = which % (len(parts) - 1) + 1
    return told.join(parts[:at]) + lie + told.join(parts[at:])


def header(name, size, kind=tarfile.REGTYPE, link=""):
    """A header with a right checksum, whatever it says."""
    info = tarfile.TarInfo("member")
    info.type, info.linkname = kind, link
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT)[:BLOCK])
    block[:100] = name.encode("utf-8", "surrogateescape")[:100].ljust(100, b"\0")
    octal = f"{size:011o}\0".encode()
    block[124:136] = octal if len(octal) == 12 else b"\x80" + size.to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return bytes(block)


def member(name, content, size=None, kind=tarfile.REGTYPE, link=""):
    """A header and a content, of which the header need not say the truth."""
    told = len(content) if size is None else size
    return header(name, told, kind, link) + content + bytes(-len(content) % BLOCK)


def strange(chance, image):
    """Members that no honest writer makes."""
    record = chance.choice(RECORDS)
    return chance.choice((
        lambda: member(chance.choice(NAMES), image),
        lambda: member("strange.jpg", image, chance.choice(SIZES)),
        lambda: member("strange.jpg", b"", chance.choice((0, 1 << 40)), chance.choice(KINDS), "/etc/passwd"),
        lambda: member("strange.jpg", image, None, chance.choice(ODD_KINDS)),
        lambda: member("pax", record, None, chance.choice((b"x", b"g"))) + member("strange.jpg", image),
        lambda: member("long", chance.choice(NAMES).encode("utf-8", "replace") * 50, None, b"L") + member("s", image),
        lambda: member("long", b"a", chance.choice(SIZES), chance.choice((b"L", b"K", b"x", b"g"))),
        lambda: bytes(BLOCK * chance.choice((1, 2, 5))),
    ))()  # fmt: skip


def samples(rows, chance):
    """Members of a shard, some of which hold something else than they should, or come twice."""
    for row in rows:
        image, caption = row["image"], row["caption"].encode()
        told = f'{{"caption": "{row["key"]} things", "similarity": 0.5, "uid": "{row["uid"]}"}}'.encode()
        what = chance.randrange(8)
        image = chance.choice(IMAGES) if what == 0 else flipped(image, chance) if what == 1 else image
        caption = chance.choice(CAPTIONS) if what == 2 else caption
        told = chance.choice(JSONS) if what == 3 else told
        yield from (
            (f"{row['key']}.{row['kind']}", image),
            (f"{row['key']}.txt", caption),
            (f"{row['key']}.json", told),
        )
        if what == 4:
            yield f"{row['key']}.{chance.choice(('jpg', 'txt', 'json', 'png'))}", chance.choice((image, caption))


def tar(rows, chance):
    """The bytes of a broken shard."""
    packed = [member(name, content) for name, content in samples(rows, chance)]
    for _ in range(chance.choice((0, 1, 3))):
        packed.insert(chance.randrange(len(packed) + 1), strange(chance, rows[0]["image"]))
    whole = b"".join(packed) + bytes(2 * BLOCK)
    change = chance.choice((flipped, cut, patched, lambda content, _: content, lambda content, _: content))
    empty = (b"", bytes(BLOCK), bytes(10240), b"<html>busy</html>", b"\x1f\x8b" + bytes(600))
    return chance.choice(empty) if chance.random() < 0.06 else change(whole, chance)


def beside(rows, chance):
    """The bytes of img2dataset's table of a shard, broken too, or not."""
    table = frame(rows, chance).rename({"image": "key"}, strict=False)
    return spoilt(written(table, "parquet"), len(rows), chance)


def spoilt(parquet, rows, chance):
    """Parquet of so many rows that is broken in one of several ways, or is not."""
    return chance.choice((
        lambda: flipped(parquet, chance), lambda: cut(parquet, chance),
        lambda: lying(parquet, rows, chance.randrange(7)), *[lambda: parquet] * 3,
    ))()  # fmt: skip


def frame(rows, chance):
    """A table of keys and captions in which columns have the wrong kind, are null, or are not there."""
    columns = {
        "image": [f"{row['key']}.{row['kind']}" for row in rows],
        "caption": [row["caption"] for row in rows],
        "uid": [row["uid"] for row in rows],
        "similarity": [number / 10 for number in range(len(rows))],
        "status": ["success"] * len(rows),
        "width": [48] * len(rows),
        "height": [48] * len(rows),
    }
    name = chance.choice(list(columns))
    odd = chance.choice((
        [None, *["word"] * (len(rows) - 1)], [None, *range(len(rows) - 1)],
        [None] * len(rows), list(range(len(rows))), [[1, 2]] * len(rows), [{"a": 1}] * len(rows), ["x" * 2_000_000],
        [b"\xff\xfe"] * len(rows), [float("nan")] * len(rows), [True] * len(rows), ["../../etc/passwd"] * len(rows),
        ["/etc/passwd"] * len(rows), ["nul\0l"] * len(rows), [1 << 62] * len(rows), ["a\tb\"c'\r\n,"] * len(rows),
    ))  # fmt: skip
    if chance.random() < 0.7:
        columns[name] = (odd * len(rows))[: len(rows)]
    elif chance.random() < 0.5:
        del columns[name]
    return pl.DataFrame(columns)


def written(table, kind):
    """The bytes of a table's file; of one that its format cannot hold, as much of it as it can."""
    file = io.BytesIO()
    if kind in ("csv", "tsv"):
        nested = [name for name, dtype in table.schema.items() if dtype.is_nested() or dtype == pl.Binary]
        quote = {"quote_style": "never"} if kind == "tsv" else {}
        table.drop(nested).write_csv(file, separator="\t" if kind == "tsv" else ",", **quote)
    elif kind == "jsonl":
        table.drop([name for name, dtype in table.schema.items() if dtype == pl.Binary]).write_ndjson(file)
    else:
        table.write_parquet(file)
    return file.getvalue()


def table(rows, kind, chance):
    """The bytes of a broken table."""
    content = written(frame(rows, chance), kind)
    foreign = (b"", b"\n", b"\xff\xfe" + content, b'"' + content, content + b'\n"open', content.replace(b"a", b"\xe9"))
    if chance.random() < 0.2:
        return chance.choice(foreign)
    if kind == "parquet" and chance.random() < 0.3:
        return lying(content, len(rows), chance.randrange(7))
    return chance.choice((flipped, cut, patched, *[lambda content, _: content] * 3))(content, chance)


def write_pool(folder, number, rows):
    """Two shards, of which at least one is broken, some with tables; returns options of a source for them."""
    chance = random.Random(number)
    folder.mkdir(parents=True)
    (folder / "0.tar").write_bytes(tar(rows[:6], chance))
    if chance.random() < 0.5:
        shards.write_tar(folder / "1.tar", shards.members(rows[6:], "caption", "uid"))
    for name, part in (("0", rows[:6]), ("1", rows[6:])):
        if chance.random() < 0.3:
            (folder / f"{name}{chance.choice(('.parquet', '.scores.parquet'))}").write_bytes(beside(part, chance))
    given = {
        "caption_column": chance.choice((None, None, "caption")),
        "score_column": chance.choice((None, None, "similarity")),
        "uid_column": chance.choice((None, None, "uid")),
        "unique": chance.choice(("pair", "image", "caption")),
        "min_side": chance.choice((None, 8)),
        "max_unreadable": 1.0,
    }
    return {"shards": str(folder), **given}


def write_metadata(folder, number, rows):
    """Broken metadata of whole shards; returns options of a source for both."""
    chance = random.Random(number)
    shards.write_tar(folder / "shards" / "0.tar", shards.members(rows, "uid"))
    names = {"caption": "text", "width": "original_width", "height": "original_height"}
    table = frame(rows, chance).rename(names, strict=False)
    content = spoilt(written(table, "parquet"), len(rows), chance)
    (folder / "metadata").mkdir()
    (folder / "metadata" / "0.parquet").write_bytes(content)
    given = {"score_column": chance.choice((None, "similarity")), "min_side": chance.choice((None, 8))}
    return {"metadata": str(folder / "metadata"), "shards": str(folder / "shards"), **given}


def write_table(folder, number, rows):
    """A broken table beside whole images; returns options of a source for it."""
    chance = random.Random(number)
    shards.write_tar(folder / "x.tar", ())
    for row in rows:
        (folder / f"{row['key']}.{row['kind']}").write_bytes(row["image"])
    kind = chance.choice(("csv", "tsv", "jsonl", "parquet"))
    path = folder / f"pairs.{kind}"
    path.write_bytes(table(rows, kind, chance))
    if chance.random() < 0.3:
        path.with_suffix(".scores.parquet").write_bytes(beside(rows, chance))
    given = {
        "score_column": chance.choice((None, None, "similarity")),
        "uid_column": chance.choice((None, None, "uid")),
        "width_column": chance.choice((None, "width")),
        "unique": chance.choice(("pair", "image", "caption")),
        "min_side": chance.choice((None, 8)),
    }
    return {"path": str(path), **given}
