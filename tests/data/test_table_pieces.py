"""Tables too large for memory: in parts they are the same pool, with the same ids, fingerprint and pairs."""

import numpy as np
import polars as pl
import pytest
from PIL import Image

from study.data.index import uids
from study.data.piece_pairs import pairs_of
from study.data.pixels import Skip
from study.data.subset import ensure
from study.data.tables.table import Table
from study.errors import DataError
from tests.data.photos import encoded
from tests.data.test_table import WRITERS

ROWS = 60
CAPTIONS = ["one", "two words", "three words here", " ", "four words are here"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Pairs with repeats, gaps and unreadable images, as a table of every format."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("rows")
    for number in range(6):
        shade = 0 if number == 5 else 20 * number  # 0.png and 5.png are alike
        size = (4, 4) if number == 5 else (4 + number, 4)
        (folder / f"{number}.png").write_bytes(encoded(Image.new("RGB", size, (shade, 0, 0)), "PNG"))
    table = pl.DataFrame(
        {
            "uid": [rng.bytes(16).hex() for _ in range(ROWS)],
            "image": [None, *(f"{number}.png" for number in rng.integers(7, size=ROWS - 1))],
            "caption": rng.choice(CAPTIONS, ROWS).tolist(),
            "sim": [None if row % 9 == 0 else float(rng.normal()) for row in range(ROWS)],
            "w": rng.integers(10, 60, ROWS),
            "h": rng.integers(10, 60, ROWS),
        }
    )
    for kind, write in WRITERS.items():
        write(table, folder / f"pairs.{kind}")
    scores = pl.DataFrame({"uid": table["uid"].reverse(), "clip": [float(row) for row in range(ROWS)]})
    (folder / "scores").mkdir()
    scores.write_parquet(folder / "scores" / "pairs.parquet")
    return folder


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A function that opens a table, in memory or in about seven parts."""

    def opened(path, in_parts, **options):
        monkeypatch.setattr("study.data.tables.table.HELD", 0 if in_parts else 1 << 28)
        monkeypatch.setattr("study.data.tables.pieces.PIECE", path.stat().st_size // 7)
        source = Table(Table.Config(path=path, **options), tmp_path / "results")
        source.index()
        return source

    return opened


def content(samples, row):
    try:
        return samples.read(row)
    except Skip as reason:
        return str(reason)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *((kind, {"score_column": "sim"}) for kind in WRITERS),
        ("parquet", {"uid_column": "uid", "min_words": 2}),
        ("parquet", {"max_aspect": 1.6}),
        ("csv", {"uid_column": "uid", "min_side": 20, "width_column": "w", "height_column": "h"}),
        ("parquet", {"unique": "image"}),
        ("parquet", {"unique": "caption"}),
        ("csv", {"unique": "image", "hash_column": "h"}),
        ("csv", {"uid_column": "uid", "score_column": "clip", "scores": "scores"}),
    ],
)
def test_a_table_in_parts_is_the_pool_that_it_is_in_memory(rows, opened, kind, options):
    given = {**options, **({"scores": rows / options["scores"]} if "scores" in options else {})}
    held, parts = (opened(rows / f"pairs.{kind}", in_parts, **given) for in_parts in (False, True))
    assert len(parts.index().pieces) > 5
    assert parts.pool().sort("uid").equals(held.pool().sort("uid"))
    assert parts.fingerprint() == held.fingerprint()
    assert parts.index().scored == held.index().scored
    assert sum(parts.left_out().values()) == sum(held.left_out().values()) > 0
    assert parts.details()["caption"].sort().equals(held.details()["caption"].sort())
    wanted = held.pool()["uid"].to_list()[::-2]
    samples = [source.samples(wanted) for source in (held, parts)]
    assert samples[0].captions == samples[1].captions
    assert [content(samples[0], row) for row in range(len(wanted))] == [
        content(samples[1], row) for row in range(len(wanted))
    ]


def test_the_subsets_are_the_same_and_made_once(rows, opened, tmp_path):
    held, parts = (opened(rows / "pairs.csv", in_parts, score_column="sim") for in_parts in (False, True))
    chosen = ensure(tmp_path / "one", held, 0.5, 5)
    assert ensure(tmp_path / "other", parts, 0.5, 5).uids() == chosen.uids()
    assert ensure(tmp_path / "one", parts, 0.5, 5).path == chosen.path


def test_the_pairs_of_a_part_are_looked_up_there(rows, opened):
    source = opened(rows / "pairs.parquet", True)
    piece = next(piece for piece in source.index().pieces if piece.pairs)
    wanted = uids(piece.read())
    assert pairs_of(source, piece, wanted).captions == source.samples(wanted).captions
    with pytest.raises(DataError, match="has no pair 'ffff"):
        source.samples(["f" * 32])


def test_images_may_be_bytes(tmp_path, opened):
    images = [encoded(Image.new("RGB", (4, 4), (shade, 0, 0)), "PNG") for shade in range(9)]
    pl.DataFrame({"image": images, "caption": "a"}).write_parquet(tmp_path / "pairs.parquet")
    held, parts = (opened(tmp_path / "pairs.parquet", in_parts) for in_parts in (False, True))
    wanted = held.pool()["uid"].to_list()
    assert parts.fingerprint() == held.fingerprint()
    assert [parts.samples(wanted).read(row) for row in range(9)] == images


def test_a_text_file_is_converted_once(rows, opened, tmp_path):
    first = opened(rows / "pairs.csv", True, score_column="sim").pool()
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "index").rglob("*.parquet")}
    assert any(path.name.startswith("rows-") for path in made)
    assert opened(rows / "pairs.csv", True, score_column="sim").pool().equals(first)
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_a_file_that_has_changed_is_another_pool(tmp_path, opened):
    path = tmp_path / "pairs.csv"
    path.write_text("image,caption\na.png,one\nb.png,two\n")
    assert opened(path, True).index().pairs == 2
    path.write_text("image,caption\na.png,one\nb.png,two\nc.png,three\n")
    assert opened(path, True).index().pairs == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score_column": "caption"}, "'caption' must hold numbers, got"),
        ({"uid_column": "image"}, r"32 hex digits .* got '\d.png'"),
        ({"caption_column": "text"}, "unknown column 'text'"),
        ({"min_words": 99}, "no pair is left of .*caption below 99 words"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(rows, opened, options, message):
    with pytest.raises(DataError, match=message):
        opened(rows / "pairs.csv", True, **options)


def test_ids_of_the_users_own_are_not_repeated(tmp_path, opened):
    pl.DataFrame({"uid": ["a" * 32] * 9, "image": "a.png", "caption": "a"}).write_parquet(tmp_path / "pairs.parquet")
    with pytest.raises(DataError, match="column 'uid' repeats 8 of its ids"):
        opened(tmp_path / "pairs.parquet", True, uid_column="uid")
