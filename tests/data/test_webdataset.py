"""Shards from raw files to a pool: whole and broken ones, with img2dataset's tables and without."""

import json

import polars as pl
import pytest

from study.data.fingerprint import fingerprint_of, fingerprint_sum
from study.data.shards.webdataset import WebDataset
from study.data.tables.table import Table
from study.errors import DataError
from tests.data import shards


@pytest.fixture(scope="module")
def rows(embedded):
    return list(shards.pairs(embedded, 24))


@pytest.fixture
def opened(tmp_path):
    """A function that opens a source of shards, with its index in the test's folder."""

    def open_it(folder=tmp_path / "pool", **options):
        return WebDataset(WebDataset.Config(shards=str(folder), **options), tmp_path / "results")

    return open_it


def three(folder, rows, *fields):
    for number in range(3):
        shards.write_tar(folder / f"{number:05}.tar", shards.members(rows[8 * number : 8 * number + 8], *fields))


def test_images_and_captions_are_those_that_were_packed(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    source = opened()
    assert [piece.pairs for piece in source.index().pieces] == [8, 8, 8]
    assert source.left_out() == {}
    uids = source.pool()["uid"].to_list()[::-1]
    samples = source.samples(uids)
    assert samples.captions == [row["caption"] for row in rows[::-1]]
    assert [samples.read(row) for row in range(24)] == [row["image"] for row in rows[::-1]]
    assert samples.usable(8).tolist() == list(range(24))


def test_a_pair_has_the_id_that_it_has_in_a_table(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    table = pl.DataFrame({"image": [row["image"] for row in rows], "caption": [row["caption"] for row in rows]})
    table.write_parquet(tmp_path / "pairs.parquet")
    assert Table(Table.Config(path=tmp_path / "pairs.parquet")).pool()["uid"].equals(opened().pool()["uid"])


def test_the_fingerprint_is_of_the_pairs_wherever_they_lie(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    shards.write_tar(tmp_path / "other" / "all.tar", shards.members(rows[::-1]))
    one, other = opened(), opened(tmp_path / "other")
    assert one.fingerprint() == other.fingerprint()
    assert opened(tmp_path / "pool" / "{00000..00001}.tar").fingerprint() != one.fingerprint()


def test_sums_of_pieces_are_those_of_the_whole(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    pieces = [piece.read() for piece in opened().index().pieces]
    whole = pl.concat(pieces).sample(fraction=1, shuffle=True, seed=0)
    sums = [fingerprint_sum(piece) for piece in pieces]
    assert fingerprint_of(24, [fingerprint_sum(whole)]) == fingerprint_of(24, sums) == opened().fingerprint()
    scored = whole.with_columns(score=pl.lit(0.5, pl.Float32))
    assert fingerprint_sum(scored) != fingerprint_sum(whole)


@pytest.mark.parametrize("given", ["{00000..00002}.tar", "*.tar", "{00000,00001,00002}.tar", ""])
def test_folders_globs_and_ranges_are_one_pool(tmp_path, rows, opened, given):
    three(tmp_path / "pool", rows)
    assert [piece.name for piece in opened(tmp_path / "pool" / given).index().pieces] == ["00000", "00001", "00002"]


def test_shards_that_are_not_there(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    with pytest.raises(DataError, match=r"2 of the 5 places of .* have no \.tar file, the first is .*00003\.tar$"):
        opened(tmp_path / "pool" / "{00000..00004}.tar").pool()
    with pytest.raises(DataError, match=r"no \.tar file at .*absent"):
        opened(tmp_path / "absent").pool()
    for absent in ("absent", "absent/{00000..00004}.tar"):
        assert opened(tmp_path / absent, pairs="400M").declared_pairs() == 400_000_000
    with pytest.raises(DataError, match=r"2 of the 5 places"):
        opened(tmp_path / "pool" / "{00000..00004}.tar", pairs=5).declared_pairs()
    assert opened(pairs=5).declared_pairs() is None


def test_img2dataset_tables_give_scores_and_say_what_failed(tmp_path, rows, opened):
    for number in range(2):
        part = rows[12 * number : 12 * number + 12]
        scores = [number + row / 100 for row in range(12)]
        shards.write_img2dataset(tmp_path / "pool", f"{number:05}", part, similarity=scores)
    source = opened(score_column="similarity", caption_column="caption")
    assert source.pool()["score"].to_list() == pytest.approx([n + row / 100 for n in range(2) for row in range(12)])
    assert source.left_out() == {"not downloaded": 2}
    assert source.index().scored
    assert not opened().index().scored
    with pytest.raises(DataError, match=r"unknown column 'similarty'; did you mean similarity"):
        opened(score_column="similarty").pool()
    with pytest.raises(DataError, match="'error_message' must hold numbers"):
        opened(score_column="error_message").pool()


def test_scores_given_later_keep_the_index(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    before = opened()
    ids = before.pool()["uid"]
    indexed = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("0*-*.parquet")}
    for number in range(3):
        keys = [row["key"] for row in rows[8 * number : 8 * number + 8]][::-1]
        scores = pl.DataFrame({"key": keys, "clip": [float(key) for key in keys]})
        scores.write_parquet(tmp_path / "pool" / f"{number:05}.scores.parquet")
    after = opened(score_column="clip")
    assert after.pool()["uid"].equals(ids)
    assert after.pool()["score"].to_list() == [float(row["key"]) for row in rows]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("0*-*.parquet")} == indexed


def test_ids_and_scores_of_the_samples_own_json(tmp_path, rows, opened):
    scored = [{**row, "clip": None if number == 3 else number / 10} for number, row in enumerate(rows)]
    three(tmp_path / "pool", scored, "uid", "clip")
    pool = opened(uid_column="uid", score_column="clip").pool()
    assert pool["uid"].to_list() == [row["uid"] for row in rows]
    assert pool["score"].null_count() == 1


def test_samples_that_are_no_pairs_are_counted_by_reason(tmp_path, rows, opened):
    image = rows[0]["image"]
    strange = [
        ("a.jpg", image), ("b.txt", b"no image"), ("c.jpg", b""), ("c.txt", b"empty"), ("d.jpg", image),
        ("d.txt", b" "), ("e.jpg", image), ("e.txt", b"\xff\xfe\xfa"), ("f.jpg", image), ("f.png", image),
        ("f.txt", b"two"), ("g.jpg", image), ("g.txt", b"x" * (1 << 20) + b"x"), ("h.jpg", image), ("h.txt", b"fine"),
        ("i.jpg", image), ("i.txt", b"fine"), ("j.pyd", b"pickle"), ("k.npy", b"array"), ("../l.JPG", image),
        ("../l.txt", "späte Zeile".encode()), ("noextension", b""),
    ]  # fmt: skip
    shards.write_tar(tmp_path / "pool" / "0.tar", strange)
    source = opened()
    assert source.pool().height == 2
    assert source.left_out() == {
        "caption of more than 1 MiB": 1, "caption that is not UTF-8": 1, "empty image": 1, "no caption": 2,
        "no image": 1, "repeated pair": 1, "several images of one key": 1,
    }  # fmt: skip


def test_unusable_fields_of_json_are_counted(tmp_path, rows, opened):
    image = rows[0]["image"]
    contents = [
        b"{",
        b"[1]",
        b'{"c": "good", "s": 1}',
        b'{"c": 5, "s": 1}',
        b'{"c": "x", "s": "high"}',
        b'{"c": "\\ud800"}',
    ]
    members = [
        (f"{number}.{kind}", content)
        for number, json_ in enumerate(contents)
        for kind, content in (("jpg", image), ("json", json_))
    ]
    shards.write_tar(tmp_path / "pool" / "0.tar", members)
    source = opened(caption_column="c", score_column="s")
    assert source.pool()["score"].to_list() == [1.0]
    assert source.left_out() == {
        "caption that is not UTF-8": 1, "no caption": 1, "score that is no number": 1, "unreadable .json": 2,
    }  # fmt: skip


def test_a_shard_that_is_cut_short_gives_what_was_before(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    path = tmp_path / "pool" / "00001.tar"
    content = path.read_bytes()
    offset = opened().index().pieces[1].members()["offset"][5]
    path.write_bytes(content[: offset + 100])
    cut = opened()
    assert [piece.pairs for piece in cut.index().pieces] == [8, 5, 8]
    assert cut.left_out() == {"end of a shard that is cut short": 1}
    for end in (offset - 512, offset - 700):  # where a member ends, and within what fills up its last block
        path.write_bytes(content[:end])
        assert opened().left_out()["end of a shard that is cut short"] == 1
    path.write_bytes(content[: offset - 512] + b"\1" * 512 + content[offset:])
    damaged = opened()
    assert [piece.pairs for piece in damaged.index().pieces] == [8, 5, 8]
    assert damaged.left_out() == {"rest of a damaged shard": 1}
    path.write_bytes(content)
    assert [piece.pairs for piece in opened().index().pieces] == [8, 8, 8]


def test_unreadable_shards_are_counted_up_to_a_share(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    good = (tmp_path / "pool" / "00002.tar").read_bytes()
    (tmp_path / "pool" / "00002.tar").write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(DataError, match=r"1 of 3 shards cannot be read, .*00002\.tar: .* page and no tar file"):
        opened().pool()
    source = opened(max_unreadable=0.4)
    assert source.pool().height == 16
    assert source.left_out() == {"unreadable shard": 1}
    (tmp_path / "pool" / "00002.tar").write_bytes(good)
    assert opened(max_unreadable=0.4).pool().height == 24


def test_the_index_is_made_once(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    first = opened().pool()
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.parquet")}
    assert len(made) == 6
    assert opened().pool().equals(first)
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_a_damaged_index_is_made_anew(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    first = opened().pool()
    for path in (tmp_path / "results").rglob("*"):
        if path.is_file():
            path.write_bytes(b"spoilt") if path.suffix == ".parquet" else path.unlink()
    assert opened().pool().equals(first)


def test_repeats_are_left_out_over_all_shards(tmp_path, rows, opened):
    same = {**rows[0], "caption": "another"}, {**rows[1], "caption": rows[2]["caption"]}
    for number, part in enumerate((rows[:4], [rows[3], *same])):
        shards.write_tar(tmp_path / "pool" / f"{number}.tar", shards.members(part))
    assert opened().left_out() == {"repeated pair": 1}
    assert opened(unique="image").left_out() == {"repeated image": 2, "repeated pair": 1}
    assert opened(unique="caption").left_out() == {"repeated caption": 1, "repeated pair": 1}


def test_filters_choose_the_pool_and_count(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    captions = [row["caption"] for row in rows]
    source = opened(min_words=3, min_side=48)
    kept = [caption for caption in captions if len(caption.split()) >= 3]
    assert 0 < len(kept) < len(captions)
    assert source.samples(source.pool()["uid"].to_list()).captions == kept
    assert source.left_out() == {"caption below 3 words": len(captions) - len(kept)}
    assert opened(min_words=3, min_side=49, max_unreadable=1.0, pairs=None).config.min_side == 49
    with pytest.raises(DataError, match="24 side below 49 pixels"):
        opened(min_side=49).pool()


def test_what_json_says_of_the_pool_is_the_source_alone(tmp_path, rows, opened):
    three(tmp_path / "pool", rows)
    opened().pool()
    [made] = (tmp_path / "results").rglob("attempts.json")
    [facts] = json.loads(made.read_text())
    assert facts["fingerprint"] == opened().fingerprint()


def test_shards_of_several_folders_have_names_below_what_they_share(tmp_path, rows):
    for number, place in enumerate(("a", "b/c")):
        shards.write_tar(tmp_path / place / "0.tar", shards.members(rows[4 * number : 4 * number + 4]))
    given = (str(tmp_path / "a" / "0.tar"), str(tmp_path / "a" / ".." / "b" / "c"))
    pieces = WebDataset(WebDataset.Config(shards=given), tmp_path / "results").index().pieces
    assert [piece.name for piece in pieces] == ["a/0", "b/c/0"]


def test_the_whole_index_stays_below_the_results(tmp_path, rows, opened):
    three(tmp_path / "pool" / "deep" / "folder", rows)
    shards.write_tar(tmp_path / "pool" / "x.tar", shards.members(rows))
    assert len(opened().index().pieces) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"pool", "results"}
    assert not [path for path in (tmp_path / "pool").rglob("*") if path.is_file() and path.suffix != ".tar"]
