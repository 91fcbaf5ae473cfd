"""Tables that users bring, whole and broken."""

import io

import polars as pl
import pytest
from PIL import Image
from pydantic import ValidationError

from study.data.tables.table import Table
from study.errors import DataError


def png(colour="red"):
    file = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(file, "PNG")
    return file.getvalue()


def table(path, **options):
    return Table(Table.Config(path=path, **options))


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.png").write_bytes(png("blue")[:30])
    images = ["a.png", "b.png", "absent.png", "../outside.png", str(tmp_path.parent / "outside.png")]
    (tmp_path.parent / "outside.png").write_bytes(png())
    return pl.DataFrame({"image": images, "caption": ["1984", "b, c", 'a "d"', "e", "f"], "sim": [0.5, 0.1, 1, 2, 3]})


WRITERS = {
    "csv": pl.DataFrame.write_csv,
    "tsv": lambda rows, path: rows.write_csv(path, separator="\t"),
    "jsonl": pl.DataFrame.write_ndjson,
    "parquet": pl.DataFrame.write_parquet,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_reads_alike(tmp_path, rows, kind):
    path = tmp_path / f"pairs.{kind}"
    WRITERS[kind](rows, path)
    source = table(path, score_column="sim")
    pool = source.pool()
    assert pool["score"].to_list() == pytest.approx(rows["sim"].to_list())
    samples = source.samples(pool["uid"].to_list())
    assert samples.captions == rows["caption"].to_list()
    assert samples.usable(4).tolist() == [0]
    assert samples.skipped == {"image path outside its root": 2, "missing image file": 1, "unreadable image": 1}
    assert source.fingerprint() == table(path, score_column="sim").fingerprint()
    assert source.fingerprint() != table(path).fingerprint()


def test_ids_do_not_depend_on_the_format_or_the_order(tmp_path, rows):
    rows.write_csv(tmp_path / "one.csv")
    rows.reverse().write_parquet(tmp_path / "two.parquet")
    assert set(table(tmp_path / "one.csv").pool()["uid"]) == set(table(tmp_path / "two.parquet").pool()["uid"])


def test_images_may_be_bytes_in_the_table(tmp_path):
    path = tmp_path / "pairs.parquet"
    pl.DataFrame({"png": [png(), b"broken"], "text": ["a", "b"]}).write_parquet(path)
    source = table(path, image_column="png", caption_column="text")
    samples = source.samples(source.pool()["uid"].to_list())
    assert samples.images(2)[0, 0, 0].tolist() == [255, 0, 0]
    assert samples.skipped == {"unreadable image": 1}


def test_a_link_out_of_the_root_is_not_followed(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(png())
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "pairs.csv").write_text("image,caption\nlink.png,a\n")
    source = table(tmp_path / "pairs.csv", root=root)
    samples = source.samples(source.pool()["uid"].to_list())
    samples.images(2)
    assert samples.skipped == {"image path outside its root": 1}


def test_rows_that_are_no_pairs_are_left_out_and_counted(tmp_path):
    path = tmp_path / "pairs.jsonl"
    lines = [
        '{"image": "a.png", "caption": "a"}', '{"image": "a.png", "caption": "a"}', '{"image": "a.png"}',
        '{"image": null, "caption": "b"}', '{"image": "c.png", "caption": "  "}',
    ]  # fmt: skip
    path.write_text("\n".join(lines))
    source = table(path)
    assert source.pool().height == 1
    assert source.left_out() == {"no image or no caption": 3, "repeated pair": 1}


def test_own_ids(tmp_path):
    path = tmp_path / "pairs.csv"
    uids = ["ab" * 16, "cd" * 16]
    path.write_text("uid,image,caption\n" + "".join(f"{uid},a.png,a\n" for uid in uids))
    assert table(path, uid_column="uid").pool()["uid"].to_list() == uids


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("image,caption\n", {}, "no row with both"),
        ("image,text\na.png,a\n", {}, "unknown column 'caption'"),
        ("image,caption\na.png,a\n", {"score_column": "captoin"}, "did you mean caption"),
        ("image,caption,s\na.png,a,good\n", {"score_column": "s"}, "'s' must hold numbers, got 'good'"),
        ("uid,image,caption\nxyz,a.png,a\n", {"uid_column": "uid"}, "32 hex digits .* got 'xyz'"),
        (f"uid,image,caption\n{'a' * 32},a.png,a\n{'a' * 32},b.png,b\n", {"uid_column": "uid"}, "repeats 1"),
        ("", {}, "cannot be read as csv"),
        ("image,caption\n'a','b\nc'\nc,d\ne,\"f\n", {}, "csv: line 5, behind 'c,d', has a quote without an end"),
        ('image,caption\na,"b"c\n', {}, "line 2, behind 'image,caption', has a quote without an end, or text behind"),
        ("image\tcaption\na.png\ta\n", {}, r"separated by tabs; name it \.tsv"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, content, options, message):
    path = tmp_path / "pairs.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        table(path, **options).pool()


def test_a_damaged_parquet(tmp_path):
    path = tmp_path / "pairs.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"pairs\.parquet cannot be read as parquet"):
        table(path).pool()


def test_a_root_that_is_no_folder_is_told_before_images_are_asked_for(tmp_path, rows):
    rows.write_csv(tmp_path / "pairs.csv")
    for root in (tmp_path / "absent", tmp_path / "a.png"):
        with pytest.raises(DataError, match=r"(absent|a\.png) is no folder; give as root"):
            table(tmp_path / "pairs.csv", root=root).index()


def test_an_absent_file(tmp_path):
    with pytest.raises(DataError, match=r"absent\.csv does not exist"):
        table(tmp_path / "absent.csv").pool()
    with pytest.raises(DataError, match=r"\.csv, \.tsv, \.jsonl, \.parquet"):
        table(tmp_path / "pairs.txt").pool()


def test_pairs_are_declared_only_while_the_file_is_absent(tmp_path):
    path = tmp_path / "pairs.csv"
    assert table(path, pairs="400M").declared_pairs() == 400_000_000
    path.write_text("image,caption\na.png,a\n")
    assert table(path, pairs="400M").declared_pairs() is None
    assert Table(Table.Config(pairs=5)).declared_pairs() == 5


def test_a_table_needs_a_path_or_a_size():
    with pytest.raises(ValidationError, match="give the path of a file, or pairs"):
        Table.Config()


def test_a_pair_that_is_not_there(tmp_path, rows):
    rows.write_csv(tmp_path / "pairs.csv")
    with pytest.raises(DataError, match="has no pair 'ffff"):
        table(tmp_path / "pairs.csv").samples(["f" * 32])


def test_a_repaired_root_is_seen_at_the_next_start(tmp_path, rows):
    rows.head(1).write_csv(tmp_path / "pairs.csv")
    (tmp_path / "elsewhere").mkdir()
    for root, skipped in ((tmp_path / "elsewhere", {"missing image file": 1}), (tmp_path, {})):
        source = table(tmp_path / "pairs.csv", root=root)
        samples = source.samples(source.pool()["uid"].to_list(), tmp_path / "cache")
        samples.images(4)
        assert samples.skipped == skipped


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_nan_is_no_score(tmp_path, rows, kind):
    path = tmp_path / f"pairs.{kind}"
    WRITERS[kind](rows.with_columns(sim=pl.Series([float("nan"), 0.1, None, 2, 3])), path)
    assert table(path, score_column="sim").pool()["score"].null_count() == 2


def test_the_id_of_a_pair_depends_on_the_bytes_of_its_image(tmp_path):
    path = tmp_path / "pairs.parquet"
    pl.DataFrame({"image": [png("red"), png("blue")], "caption": ["a", "a"]}).write_parquet(path)
    assert table(path).pool()["uid"].n_unique() == 2
