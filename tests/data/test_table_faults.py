"""Rows of a table that are no pairs are left out and counted, each for itself; what no row has is an error."""

import io

import polars as pl
import pytest

from study.data.shards.datacomp import DataComp
from study.data.shards.row import LONGEST, NO_ID, NO_NUMBER, TOO_LONG
from study.data.shards.webdataset import WebDataset
from study.data.tables.rows import UNUSABLE
from study.data.tables.table import Table
from study.errors import DataError
from tests.data import shards

UIDS = [f"{number:032x}" for number in range(9)]


@pytest.fixture(params=["in memory", "in parts"])
def opened(request, tmp_path, monkeypatch):
    """A function that opens a table by its name and content."""
    if request.param == "in parts":
        monkeypatch.setattr("study.data.tables.table.HELD", 0)

    def open_it(name, content, **options):
        (tmp_path / name).write_bytes(content)
        return Table(Table.Config(path=tmp_path / name, **options), tmp_path / "results")

    return open_it


@pytest.mark.parametrize(("name", "tab"), [("pairs.csv", b","), ("pairs.tsv", b"\t")])
def test_a_caption_that_is_not_utf_8(opened, name, tab):
    good = [tab.join((b"a.jpg", b"fine")), tab.join((b"c.jpg", "schön".encode()))]
    rows = [tab.join((b"image", b"caption")), good[0], tab.join((b"b.jpg", b"caf\xe9")), good[1]]
    source = opened(name, b"\n".join(rows) + b"\n")
    assert source.left_out() == {UNUSABLE: 1}
    uids = source.pool()["uid"].to_list()
    assert source.samples(uids).captions == ["fine", "schön"]
    assert opened(f"good{name}", b"\n".join([rows[0], *good]) + b"\n").pool()["uid"].to_list() == uids


def test_a_replacement_character_in_a_file_of_utf_8_is_a_character(opened):
    content = "image,caption\na.jpg,lost \ufffd here\n".encode()
    assert opened("pairs.csv", content).pool().height == 1


def test_a_file_in_another_encoding_says_so(opened):
    with pytest.raises(DataError, match=r"pairs\.csv cannot be read as csv: its first line is not UTF-8"):
        opened("pairs.csv", "image,caption\na.jpg,fine\n".encode("utf-16")).pool()


GOOD = '{"image": "a.png", "caption": "say \\"NaN\\": NaN, \ufffd", "s": 0.25, "caption": "twice"}'.encode()
SPOILT = {
    "cut": b'{"image": "b.png", "capt', "word": b"nonsense", "list": b"[1, 2]", "number": b"12", "null": b"null",
    "text": b'"text"', "deep": b"[" * 5000, "too large": b'{"image": "b.png", "caption": "b", "s": 1e400}',
    "infinite": b'{"image": "b.png", "caption": "b", "s": Infinity}',
    "foreign": b'{"image": "b.png", "caption": "\xff"}', "name": b'{"\\ud83d": "b.png", "b\xffd": 1}',
    "tab": b'{"image": "b.png", "caption": "b\tc"}',
}  # fmt: skip


@pytest.mark.parametrize("kind", SPOILT)
@pytest.mark.parametrize("first", [True, False])
def test_a_line_that_is_no_object_and_what_is_no_text_in_one_that_is(opened, kind, first):
    alone = opened("alone.jsonl", GOOD, score_column="s")
    lines = [SPOILT[kind], GOOD] if first else [GOOD, SPOILT[kind]]
    source = opened("pairs.jsonl", b"\r\n\r\n".join(lines), score_column="s")
    assert source.left_out() == {UNUSABLE: 1}
    assert source.pool().equals(alone.pool())
    (uid,) = source.pool()["uid"]
    assert source.samples([uid]).captions == alone.samples([uid]).captions == ['say "NaN": NaN, \ufffd']
    assert source.columns()[:3] == ["image", "caption", "s"] or first


def test_a_score_that_is_no_number_as_python_writes_it(opened):
    lines = [GOOD.replace(b"0.25", b"NaN"), b'\xef\xbb\xbf{"image": "b.png", "caption": "b", "s": 0.5}'][::-1]
    source = opened("pairs.jsonl", b"\n".join(lines), score_column="s")
    found = source.pool()
    captions = source.samples(found["uid"].to_list()).captions
    assert dict(zip(captions, found["score"], strict=True)) == {'say "NaN": NaN, \ufffd': None, "b": 0.5}


def test_lines_without_any_object(opened):
    for content in (b"image,caption\na,b\n", '{"image": "a", "caption": "b"}'.encode("utf-16"), b"[]\n"):
        with pytest.raises(DataError, match=r"cannot be read as jsonl: none of its lines is a JSON object"):
            opened("pairs.jsonl", content).pool()


ROWS = {"b,c,d": None, '"b,c",d,': None, "b": None, 'b,12" rec': '12" rec', "b,plain": "plain"}


# quotes of a TSV are text throughout where some are, for which there are tests of their own
CASES = [("pairs.csv", ",", row) for row in ROWS] + [("pairs.tsv", "\t", row) for row in ROWS if '"' not in row]


@pytest.mark.parametrize(("name", "tab", "row"), CASES)
def test_a_row_that_polars_cannot_read_costs_no_other(opened, name, tab, row):
    """With a long caption, one of two lines, one with what stands for lost bytes, and one that is not UTF-8."""
    good = {"a": "x" * 200_000, "c": "two\nlines", "d": 'say "hi"', "e": "lost \ufffd", "f": "last"}
    quoted = ['{}{}"{}"'.format(image, tab, caption.replace('"', '""')) for image, caption in good.items()]
    lines = [f"image{tab}caption", quoted[0], row.replace(",", tab), *quoted[1:]]
    content = "\n".join(lines).encode() + b"\ng" + tab.encode() + b"caf\xe9\n"
    source = opened(name, content)
    expected = {*good.values(), *filter(None, [ROWS[row]])}
    assert {*source.samples(source.pool()["uid"].to_list()).captions} == expected
    assert source.left_out() == {UNUSABLE: 2 - (ROWS[row] is not None)}


def test_a_table_of_another_encoding_is_told_as_such_whatever_its_rows_have(opened):
    with pytest.raises(DataError, match="its first line is not UTF-8"):
        opened("pairs.csv", "image,caption\na,b,c\n".encode("utf-16")).pool()


def test_a_caption_of_more_than_a_mebibyte(opened):
    content = b"image,caption\na.jpg,fine\nb.jpg," + b"x" * (LONGEST + 1) + b"\nc.jpg," + b"y" * LONGEST + b"\n"
    source = opened("pairs.csv", content)
    assert source.left_out() == {TOO_LONG: 1}
    assert source.index().pairs == 2


def test_a_score_that_is_no_number(opened):
    content = b"image,caption,s\na.jpg,one,0.5\nb.jpg,two,n/a\nc.jpg,three,\nd.jpg,four,1e99\ne.jpg,five,nan\n"
    source = opened("pairs.csv", content, score_column="s")
    assert source.left_out() == {NO_NUMBER: 2}
    assert source.pool()["score"].to_list() == [0.5, None, None]
    with pytest.raises(DataError, match="column 'caption' must hold numbers, got 'one'"):
        opened("pairs.csv", content, score_column="caption").pool()


def test_an_id_that_is_none(opened):
    rows = [f"{number}.jpg,c,{uid}" for number, uid in enumerate([*UIDS[:2], "zz", "", UIDS[2].upper() + "F"])]
    source = opened("pairs.csv", "\n".join(["image,caption,u", *rows, ""]).encode(), uid_column="u")
    assert source.left_out() == {NO_ID: 3}
    assert source.pool()["uid"].to_list() == UIDS[:2]


def test_a_width_that_is_no_number_is_as_the_image_says(opened, embedded):
    rows = list(shards.pairs(embedded, 2))
    table = pl.DataFrame({name: [row[name] for row in rows] for name in ("image", "caption")})
    file = io.BytesIO()
    table.with_columns(w=pl.Series(["64", "wide"]), h=64).write_parquet(file)
    source = opened("pairs.parquet", file.getvalue(), width_column="w", height_column="h", min_side=32)
    assert source.left_out() == {}


def test_a_long_caption_of_a_table_beside_a_shard_or_of_metadata(tmp_path, embedded):
    rows = list(shards.pairs(embedded, 4))
    rows[2] = {**rows[2], "caption": "é" * (LONGEST // 2 + 1)}
    shards.write_img2dataset(tmp_path / "pool", "00000", rows)
    source = WebDataset(WebDataset.Config(shards=str(tmp_path / "pool"), caption_column="caption"), tmp_path)
    assert source.left_out()[TOO_LONG] == 1
    assert source.index().pairs == 3
    (tmp_path / "metadata").mkdir()
    table = pl.DataFrame({"uid": UIDS[:4], "text": [row["caption"] for row in rows]})
    table.with_columns(original_width=8, original_height=8).write_parquet(tmp_path / "metadata" / "0.parquet")
    pool = DataComp(DataComp.Config(metadata=str(tmp_path / "metadata"), score_column=None), tmp_path)
    assert pool.left_out() == {TOO_LONG: 1}


def test_images_in_a_form_of_their_own_are_refused(opened):
    file = io.BytesIO()
    pl.DataFrame({"image": [{"bytes": b"x", "path": "a.png"}], "caption": ["a"]}).write_parquet(file)
    with pytest.raises(DataError, match="column 'image' must hold text, not Struct"):
        opened("pairs.parquet", file.getvalue()).pool()
