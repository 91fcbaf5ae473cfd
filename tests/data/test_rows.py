"""Which pairs of each shard are in a subset: known for the shards as they are now."""

import random
import shutil

import pytest

from study.data.shards.webdataset import WebDataset
from study.data.streaming import shards_of
from study.data.streaming.rows import Rows
from study.data.subset import ensure
from tests.data import shards

PAIRS, SHARDS, CHOSEN = 48, 4, 20


@pytest.fixture
def rows_of(tmp_path, embedded):
    """A function that writes all pairs to shards of a folder, and gives the rows of a part of them."""
    pairs = list(shards.pairs(embedded, PAIRS))

    def write(folder, order):
        shutil.rmtree(tmp_path / folder, ignore_errors=True)
        for number in range(SHARDS):
            shards.write_tar(tmp_path / folder / f"{number}.tar", shards.members(pairs[i] for i in order[number::4]))
        source = WebDataset(WebDataset.Config(shards=str(tmp_path / folder)), tmp_path / "results")
        return Rows(shards_of(source.index()), ensure(tmp_path / "results", source, 1.0, CHOSEN), held=SHARDS)

    return write


@pytest.mark.parametrize("other", ["elsewhere", "here"])
def test_the_same_pairs_in_other_shards_of_the_same_names_are_counted_anew(rows_of, other):
    mixed = random.Random(1).sample(range(PAIRS), PAIRS)
    for rows in (rows_of("here", range(PAIRS)), rows_of(other, mixed)):
        counts = rows.counts()
        assert counts.tolist() == [rows.table(shard).height for shard in range(SHARDS)]
        assert counts.sum() == CHOSEN
        assert rows.counts().tolist() == counts.tolist()


def test_counts_are_kept(rows_of, monkeypatch):
    counts = rows_of("here", range(PAIRS)).counts().tolist()
    again = rows_of("here", range(PAIRS))
    again.counts()  # of shards that were written anew
    monkeypatch.setattr(Rows, "_inside", lambda *_: pytest.fail("counted again"))
    assert again.counts().tolist() == counts
