"""A DataComp pool: metadata alone, and with the shards that were downloaded."""

import numpy as np
import polars as pl
import pytest

from study.data.index import HALVES, Shard
from study.data.shards.datacomp import DataComp
from study.errors import DataError
from tests.data import shards

SCORES = ("clip_b32_similarity_score", "clip_l14_similarity_score")


@pytest.fixture(scope="module")
def rows(embedded):
    return list(shards.pairs(embedded, 20))


@pytest.fixture
def pool(tmp_path, rows):
    """Metadata of 20 pairs in two files, and two shards of 15 of them, in another order."""
    for number in range(2):
        part = rows[10 * number : 10 * number + 10]
        table = pl.DataFrame(
            {
                "uid": [row["uid"] for row in part],
                "url": ["https://example.org"] * 10,
                "text": [row["caption"] for row in part],
                "original_width": [100 + 100 * number + row for row in range(10)],
                "original_height": [100] * 10,
                **{name: pl.Series([number + row / 10 for row in range(10)], dtype=pl.Float32) for name in SCORES},
                "sha256": [row["uid"] * 2 for row in part],
            }
        )
        (tmp_path / "metadata").mkdir(exist_ok=True)
        table.write_parquet(tmp_path / "metadata" / f"{number:032x}.parquet")
    sized = [{**row, "original_width": 100 + 90 * (number // 10) + number, "original_height": 100}
             for number, row in enumerate(rows)]  # fmt: skip
    fields = ("uid", "original_width", "original_height")
    shards.write_tar(tmp_path / "shards" / "00000.tar", shards.members(sized[12:19][::-1], *fields))
    shards.write_tar(tmp_path / "shards" / "00001.tar", shards.members(sized[:8], *fields))
    return tmp_path


def opened(pool, with_shards=True, **options):
    place = {"shards": str(pool / "shards")} if with_shards else {}
    return DataComp(DataComp.Config(metadata=str(pool / "metadata"), **place, **options), pool / "results")


def test_metadata_alone_can_be_planned_and_chosen_from(pool, rows):
    source = opened(pool, with_shards=False)
    assert not source.has_images()
    assert source.pool()["uid"].to_list() == [row["uid"] for row in rows]
    assert source.pool()["score"].to_list() == pytest.approx([n + row / 10 for n in range(2) for row in range(10)])
    assert source.details()["caption"].to_list() == [row["caption"] for row in rows]
    assert opened(pool, with_shards=False, max_aspect=1.5).left_out() == {"longer side above 1.5 times the shorter": 10}


def test_pieces_of_metadata_are_read_by_column(pool):
    source = opened(pool, with_shards=False, min_words=2)
    for piece in source.index().pieces:
        rows = piece.read()
        kept = np.arange(piece.pairs) % 3 == 0
        assert not isinstance(piece, Shard)  # it has no images
        assert piece.scores().equals(rows["score"])
        assert piece.ids(kept).tolist() == rows.select(*HALVES).filter(kept).rows()
    copies = [pl.read_parquet_schema(path) for path in (pool / "results").rglob("*.parquet")]
    assert copies
    assert not any("caption" in columns for columns in copies)  # captions stay where they are


def test_shards_have_the_scores_of_the_metadata(pool, rows):
    source = opened(pool)
    assert source.has_images()
    known = dict(opened(pool, with_shards=False).pool().iter_rows())
    found = dict(source.pool().iter_rows())
    assert found == {row["uid"]: known[row["uid"]] for row in [*rows[:8], *rows[12:19]]}
    samples = source.samples([rows[14]["uid"]])
    assert (samples.captions, samples.read(0)) == ([rows[14]["caption"]], rows[14]["image"])


def test_sizes_are_those_before_the_download(pool):
    assert opened(pool, max_aspect=1.5).left_out() == {"longer side above 1.5 times the shorter": 7}


def test_scores_of_the_users_own_beside_the_shards(pool, rows):
    pl.DataFrame({"uid": [row["uid"] for row in rows[:8]], "mine": [0.5] * 8}).write_parquet(
        pool / "shards" / "00001.scores.parquet"
    )
    assert opened(pool, score_column="mine").pool()["score"].to_list() == [None] * 7 + [0.5] * 8
    pl.DataFrame({"uid": [row["uid"] for row in rows[12:19]], "mine": [0.25] * 7}).write_parquet(
        pool / "shards" / "00000.scores.parquet"
    )
    assert opened(pool, score_column="mine").pool()["score"].to_list() == [0.25] * 7 + [0.5] * 8


def test_a_column_that_the_metadata_lack_is_told_as_that(pool):
    for with_shards in (False, True):
        with pytest.raises(DataError, match=r"lack a column .*unknown column 'simm'; .*known: .*text"):
            opened(pool, with_shards, score_column="simm").index()


def test_a_subset_by_image_hash(pool):
    assert opened(pool, with_shards=False, unique="image", hash_column="sha256").pool().height == 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score_column": "clip_l41_similarity_score"}, "did you mean clip_l14_similarity_score"),
        ({"uid_column": "url"}, "'url' must hold 32 hex digits"),
        ({"score_column": "url"}, "'url' must hold numbers"),
    ],
)
def test_metadata_of_another_form_says_so(pool, options, message):
    with pytest.raises(DataError, match=message):
        opened(pool, with_shards=False, **options).pool()


def test_no_metadata(tmp_path):
    with pytest.raises(DataError, match=r"no \.parquet file at .*metadata"):
        opened(tmp_path, with_shards=False).pool()
