"""Filters: what passes, in several scripts, and the same for every source."""

import polars as pl
import pytest
from pydantic import ValidationError

from study.data import SOURCES
from study.data.filters import Filters, counts, reasons
from study.data.tables.table import Table
from tests.data import shards

CAPTIONS = {
    "plain": "a dog runs on the beach",
    "german": "Über den Dächern läuft ein Hund",
    "hindi": "समुद्र तट पर दौड़ता कुत्ता",
    "chinese": "一只狗在沙滩上奔跑",
    "one word": "dog",
    "file": "holiday-2019_final.JPG",
    "spaced file": "download (77).png",
    "camera": "IMG_20190304",
    "number": "1984",
    "sku": "SKU 4471 00 9931 22",
    "url": "see https://example.org/a",
    "shop": "!!! $$$ best -- price !!! >>>",
    "spam": "buy buy buy now now",
}


def passing(width=100, height=100, **options):
    rows = pl.DataFrame({"caption": list(CAPTIONS.values()), "width": width, "height": height})
    found = rows.with_columns(reasons(Filters(name="any", **options)))["reason"]
    return {name for name, reason in zip(CAPTIONS, found, strict=True) if reason is None}, counts(found)


@pytest.mark.parametrize(
    ("options", "out"),
    [
        ({}, set()),
        ({"min_words": 2}, {"one word", "file", "camera", "number", "chinese"}),
        ({"max_words": 4}, {"plain", "german", "hindi", "sku", "shop", "spam"}),
        ({"min_characters": 4}, {"one word"}),
        ({"max_characters": 27}, {"german", "shop"}),
        ({"min_letters": 0.6}, {"camera", "number", "sku", "shop"}),
        ({"max_digits": 0.5}, {"camera", "number", "sku"}),
        ({"max_punctuation": 0.3}, {"shop"}),
        ({"max_repeated_words": 0.5}, {"spam"}),
        ({"urls": False}, {"url"}),
        ({"file_names": False}, {"file", "spaced file", "camera"}),
    ],
)
def test_rules_hold_in_any_script(options, out):
    kept, left_out = passing(**options)
    assert {*CAPTIONS} - kept == out
    assert sum(left_out.values()) == len(out)
    assert len(left_out) == bool(out)


@pytest.mark.parametrize(
    ("width", "height", "options", "reason"),
    [
        (31, 100, {"min_side": 32}, "side below 32 pixels"),
        (32, 2000, {"max_side": 1999}, "side above 1999 pixels"),
        (31, 100, {"max_aspect": 3.0}, "longer side above 3 times the shorter"),
        (100, 301, {"max_aspect": 3.0}, "longer side above 3 times the shorter"),
        (None, 100, {"min_side": 1}, "size that is not known"),
        (0, 100, {"max_side": 1000}, "size that is not known"),
    ],
)
def test_sizes(width, height, options, reason):
    kept, left_out = passing(width, height, **options)
    assert (kept, left_out) == (set(), {reason: len(CAPTIONS)})
    assert passing(32, 96, **options)[0] == {*CAPTIONS}


def test_a_row_is_counted_once_under_its_first_reason():
    _, left_out = passing(min_words=2, min_letters=0.6, file_names=False)
    assert left_out == {
        "caption below 2 words": 5, "file name for a caption": 1, "letters below 0.6 of the caption": 2
    }  # fmt: skip


@pytest.mark.parametrize("options", [{"min_side": 0}, {"max_aspect": 0.5}, {"min_letters": 2}, {"unique": "url"}])
def test_values_that_mean_nothing_are_refused(options):
    with pytest.raises(ValidationError):
        Filters(name="any", **options)


def test_defaults_are_no_part_of_the_identity_of_any_source(embedded):
    for name in SOURCES.names():
        kind = SOURCES.load(name)
        config = kind.Config(
            name=name,
            **({"metadata": "m"} if name == "datacomp" else {"pairs": 5} if name in ("table", "webdataset") else {}),
        )
        assert not {*config.model_dump(exclude_defaults=True)} & {*Filters.model_fields} - {"name"}


def test_the_embedded_pool_is_what_it_was(embedded):
    assert embedded.fingerprint() == "4ef4802c6633"
    assert embedded.left_out() == {}


def test_the_embedded_data_can_be_filtered(embedded):
    kind = SOURCES.load("embedded")
    source = kind(kind.Config(file_names=False, min_side=48))
    kept, left_out = source.pool().height, source.left_out()
    assert left_out["file name for a caption"] == embedded.pool().height - kept > 100


@pytest.fixture
def table(tmp_path, embedded):
    rows = list(shards.pairs(embedded, 6))
    captions = ["one", "two words", "three words here", "two words", "four words are here", "five words are right here"]
    images = [rows[0], rows[0], *rows[2:]]
    for row in rows:
        (tmp_path / f"{row['key']}.{row['kind']}").write_bytes(row["image"])
    names = [f"{row['key']}.{row['kind']}" for row in images[:-1]] + ["absent.jpg"]
    pl.DataFrame({"image": names, "caption": captions, "w": 48, "h": [48] * 5 + [20]}).write_csv(tmp_path / "t.csv")
    return lambda **options: Table(Table.Config(path=tmp_path / "t.csv", **options))


def test_a_table_is_filtered_by_its_columns_or_its_images(table):
    assert table().pool().height == 6
    assert table(min_words=3).left_out() == {"caption below 3 words": 3}
    assert table(min_side=48).left_out() == {"size that is not known": 1}
    assert table(min_side=48, width_column="w", height_column="h").left_out() == {"side below 48 pixels": 1}
    assert table(unique="image").left_out() == {"repeated image": 1}
    assert table(unique="caption").left_out() == {"repeated caption": 1}
    assert table(unique="image", hash_column="h").left_out() == {"repeated image": 4}


def test_a_table_has_the_scores_that_were_given_beside_it(table, tmp_path):
    uids = table().pool()["uid"]
    pl.DataFrame({"uid": uids.reverse(), "clip": [float(row) for row in range(6)]}).write_parquet(
        tmp_path / "t.scores.parquet"
    )
    assert table(score_column="clip").pool()["score"].to_list() == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    assert table(score_column="w").pool()["score"].to_list() == [48.0] * 6
    (tmp_path / "s").mkdir()
    (tmp_path / "t.scores.parquet").rename(tmp_path / "s" / "all.parquet")
    assert table(score_column="clip", scores=tmp_path / "s").pool()["score"].to_list()[0] == 5.0


def test_the_fingerprint_of_a_table_is_what_it_was(tmp_path):
    (tmp_path / "t.csv").write_text("image,caption,s\na.png,one,0.5\nb.png,two,\nc.png,three,-1\n")
    assert Table(Table.Config(path=tmp_path / "t.csv", score_column="s")).fingerprint() == "4b13334cf50b"
