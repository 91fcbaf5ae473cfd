"""Parts of the index of shards: headers of tars, ranges of names, sizes of images, sorting through files."""

import io
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from study.data.dimensions import dimensions
from study.data.parallel import each, silent
from study.data.repeats import repeated
from study.data.shards.beside import beside
from study.data.shards.braces import expand
from study.data.shards.choice import Choice, choose
from study.data.shards.facts import Indexed
from study.data.shards.fields import Fields
from study.data.shards.listing import located
from study.data.shards.tar import CutShortError, DamagedError, members
from study.data.shards.webdataset import WebDataset
from study.data.spill import in_key_order
from study.errors import DataError
from tests.data import shards

NAMES = ["a.jpg", "folder/b.txt", "x" * 150 + ".png", "folder/" * 20 + "deep.json", "späte-über.webp", "c.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_those_that_tarfile_finds(tmp_path, kind):
    path = tmp_path / "a.tar"
    names = [name for name in NAMES if kind != tarfile.USTAR_FORMAT or len(name) < 100 or name.startswith("folder")]
    with tarfile.open(path, "w", format=kind) as tar:
        for number, name in enumerate(names):
            info = tarfile.TarInfo(name)
            info.size = 700 * number
            tar.addfile(info, io.BytesIO(bytes([number]) * info.size))
        link, folder = tarfile.TarInfo("link"), tarfile.TarInfo("empty")
        link.type, link.linkname, folder.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.DIRTYPE
        tar.addfile(link)
        tar.addfile(folder)
    with path.open("rb") as file, tarfile.open(path) as known:
        expected = [(info.name, info.offset_data, info.size) for info in known.getmembers() if info.isfile()]
        assert [tuple(member) for member in members(file)] == expected


def header(name=b"a.jpg", size=b"%011o", length=10, kind=b"0"):
    block = bytearray(512)
    block[: len(name)] = name
    field = size % length if b"%" in size else size
    block[124 : 124 + len(field)] = field
    block[156:157] = kind
    block[148:156] = b" " * 8
    block[148:155] = b"%06o\0" % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"x" * 512, DamagedError),
        (header()[:300], CutShortError),
        (header(size=b"no number!!"), DamagedError),
        (header(size=b"\x80" + b"\xff" * 11), CutShortError),
        (header(length=5000), CutShortError),
        (header(kind=b"x", length=1 << 30), CutShortError),
        (header(kind=b"x") + b"99 path=a\n".ljust(512, b"\0"), DamagedError),
        (header(kind=b"x") + b"0 path=ab\n".ljust(512, b"\0"), DamagedError),
    ],
)
def test_what_is_no_tar(content, error):
    with pytest.raises(error):
        list(members(io.BytesIO(content), len(content)))


def test_an_extended_header_of_a_gigabyte_is_not_read():
    with pytest.raises(DamagedError):
        list(members(io.BytesIO(header(kind=b"L", length=1 << 30))))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.tar", ["a.tar"]),
        ("{00..02}.tar", ["00.tar", "01.tar", "02.tar"]),
        ("{8..11}", ["8", "9", "10", "11"]),
        ("{2..0}", ["2", "1", "0"]),
        ("{a,b}/{0..1}", ["a/0", "a/1", "b/0", "b/1"]),
        ("{x}", ["{x}"]),
    ],
)
def test_braces(pattern, names):
    assert expand(pattern) == names


@pytest.mark.parametrize("pattern", ["{0..2000000}", "{0..9999}{0..9999}"])
def test_a_range_of_more_than_a_million_is_refused(pattern):
    with pytest.raises(DataError, match="more than 1,000,000 shards"):
        expand(pattern)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})],
)
def test_dimensions_are_those_that_are_decoded(kind, options):
    for size in ((1, 1), (37, 1000), (300, 20)):
        for mode in ("RGB", "RGBA") if kind != "JPEG" else ("RGB", "L"):
            file = io.BytesIO()
            exif = {"exif": b"Exif\0\0" + b"x" * 5000} if kind == "JPEG" else {}
            Image.new(mode, size).save(file, kind, **options, **exif)
            assert dimensions(file.getvalue()) == size
            assert all(dimensions(file.getvalue()[:cut]) in (None, size) for cut in range(0, 60))


def test_other_images_have_no_dimensions():
    assert dimensions(b"GIF89a\1\0\1\0") is None
    assert dimensions(b"") is None


KIND = np.dtype([("f0", "<u8"), ("f1", "<u8"), ("place", "<u4")])


def rows_of(first, second):
    rows = np.empty(len(first), KIND)
    rows["f0"], rows["f1"], rows["place"] = first, second, np.arange(len(first))
    return rows


def hashes(rng):
    return np.append(rng.integers(0, 2**64, 4999, np.uint64), np.uint64(2**64 - 1))


KEYS = {
    "hashes": lambda rng: (hashes(rng), rng.integers(0, 3, 5000)),
    "some equal": lambda rng: (np.where(np.arange(5000) % 7, hashes(rng), np.uint64(7)), rng.integers(0, 3, 5000)),
    "numbered": lambda rng: (np.zeros(5000, np.uint64), rng.permutation(5000)),
    "few first halves": lambda rng: (rng.integers(0, 2, 5000), hashes(rng)),
    "one": lambda rng: (np.full(5000, 3), np.full(5000, 4)),
}


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("at_a_time", [10000, 2000, 100, 3])
def test_parts_in_the_order_of_keys(tmp_path, monkeypatch, keys, at_a_time):
    monkeypatch.setattr("study.data.spill.ROWS", at_a_time)
    monkeypatch.setattr("study.data.spill.CHUNK", 700)
    rows = rows_of(*KEYS[keys](np.random.default_rng(0)))
    found = list(in_key_order(np.array_split(rows, 9), 5000, KIND, tmp_path))
    assert np.array_equal(np.concatenate(found), rows[np.lexsort((rows["f1"], rows["f0"]))])
    assert all(len(np.unique(part[["f0", "f1"]])) == 1 for part in found if len(part) > at_a_time)
    assert list(tmp_path.iterdir()) == []


def test_rows_are_divided_with_few_files_open(tmp_path):
    program = (
        "import resource, numpy as np, pathlib; from study.data.spill import divided\n"
        "import study.data.ids, polars\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))\n"
        "kind = np.dtype([('f0', '<u8')])\n"
        "keys = np.random.default_rng(0).integers(0, 2**64, 30000, np.uint64)\n"
        f"parts = divided([keys.view(kind)], 30000, kind, pathlib.Path({str(tmp_path)!r}), 100)\n"
        "print(sum(map(len, parts)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("30000\n", 0), done.stderr


@pytest.mark.parametrize("rows_said", [100, 1 << 27])
def test_repeats_are_all_but_the_first(tmp_path, rows_said):
    rng = np.random.default_rng(1)
    spread = rng.integers(0, 2**64, 300, np.uint64)
    seconds = rng.integers(0, 2, 350, np.uint64)  # first halves alone make no repeat
    pieces = [(spread[rng.integers(0, 300, size)], seconds[:size]) for size in (100, 0, 200, 50)]
    found = repeated(lambda: pieces, rows_said, tmp_path)
    seen, expected = set(), {}
    for number, halves in enumerate(pieces):
        for row, key in enumerate(zip(*(half.tolist() for half in halves), strict=True)):
            if key in seen:
                expected.setdefault(number, []).append(row)
            seen.add(key)
    assert {number: rows.tolist() for number, rows in found.items()} == expected
    assert expected
    assert repeated(lambda: [(spread, spread), (~spread, spread)], rows_said, tmp_path) == {}


def test_processes_index_what_one_process_does(tmp_path, embedded):
    rows = list(shards.pairs(embedded, 8))
    for number in range(2):
        shards.write_tar(tmp_path / f"{number}.tar", shards.members(rows[4 * number : 4 * number + 4]))
    config, fields = WebDataset.Config(shards=str(tmp_path)), Fields(None, None, None, None)
    found = []
    for processes in (1, 2):
        out = tmp_path / str(processes)
        choices = [
            Choice(Indexed(beside(shard, None), fields, out), config, out / f"{shard.name}.parquet")
            for shard in located([str(tmp_path)])
        ]
        results = each(choose, choices, processes, "shards", silent)
        found.append((results, [choice.path.read_bytes() for choice in choices]))
    assert found[0] == found[1]
    assert [result.kept for result in found[0][0]] == [4, 4]
