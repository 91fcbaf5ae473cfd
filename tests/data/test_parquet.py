"""Parquet files that lie: none ends the program, and what they claim costs no memory."""

from functools import partial

import polars as pl
import pytest

from study.data.parallel import each, silent
from study.data.parquet import Parquet
from study.data.shards.choice import Choice, choose, ended
from study.data.shards.datacomp import DataComp
from study.data.shards.fields import Fields
from study.data.shards.listing import located
from study.data.shards.metadata import Metadata
from study.data.tables.table import Table
from study.errors import DataError
from tests.data.mutations import lying

LYING = partial(lying, rows=60)


def write(path, rows=60, change=bytes):
    uids = [f"{number:032x}" for number in range(rows)]
    table = pl.DataFrame({"uid": uids, "image": ["a.png"] * rows, "text": ["a", "b"] * (rows // 2)})
    path.parent.mkdir(exist_ok=True)
    table.write_parquet(path)
    path.write_bytes(change(path.read_bytes()))
    return path


def test_a_table_that_ends_the_process_which_reads_it_is_refused(tmp_path):
    path = write(tmp_path / "pairs.parquet", change=LYING)
    with pytest.raises(DataError, match=r"pairs.parquet cannot be read as parquet: it ends the process that reads it"):
        Table(Table.Config(path=path, caption_column="text")).pool()


def test_so_are_the_scores_beside_a_table(tmp_path):
    write(tmp_path / "pairs.parquet")
    path = tmp_path / "pairs.scores.parquet"
    pl.DataFrame({"uid": [f"{number:032x}" for number in range(60)], "s": [1, 2] * 30}).write_parquet(path)
    path.write_bytes(LYING(path.read_bytes()))
    given = {"caption_column": "text", "uid_column": "uid", "score_column": "s"}
    with pytest.raises(DataError, match=r"scores.parquet cannot be read as scores: it ends the process"):
        Table(Table.Config(path=tmp_path / "pairs.parquet", **given)).pool()


def test_such_metadata_is_one_unreadable_shard(tmp_path):
    for number in range(3):
        write(tmp_path / "metadata" / f"{number}.parquet", 60 + 20 * number, LYING if number == 0 else bytes)
    given = {"score_column": None, "max_unreadable": 0.5, "unique": "pair"}
    source = DataComp(DataComp.Config(metadata=str(tmp_path / "metadata"), **given), tmp_path / "results")
    assert source.pool().height == 100
    assert source.left_out()["unreadable shard"] == 1


def test_so_it_is_of_several_processes(tmp_path):
    for number in range(4):
        write(tmp_path / "metadata" / f"{number}.parquet", change=LYING if number == 2 else bytes)
    config, fields = DataComp.Config(metadata=str(tmp_path)), Fields("uid", "text", None, None)
    choices = [
        Choice(Metadata(file, fields), config, tmp_path / "out" / f"{file.name}.parquet")
        for file in located([str(tmp_path / "metadata")], ".parquet")
    ]
    found = each(choose, choices, 2, "shards indexed", silent, ended)
    assert [chosen.kept for chosen in found] == [60, 60, 0, 60]
    assert "metadata/2.parquet cannot be read (it ends the process that reads it" in found[2].failure


def test_rows_that_no_file_of_its_size_can_hold_are_refused(tmp_path):
    pl.DataFrame({"a": pl.repeat("word", 1_000_000, eager=True)}).write_parquet(tmp_path / "rows.parquet")
    table = Parquet((tmp_path / "rows.parquet",))
    for ask in (table.height, table.read):
        with pytest.raises(pl.exceptions.ComputeError, match="claims 1,000,000 rows"):
            ask()


def test_rows_and_columns_are_those_asked_for_in_their_order(tmp_path):
    paths = tuple(write(tmp_path / f"{rows}.parquet", rows) for rows in (60, 20))
    for files in (paths, tuple(path.read_bytes() for path in paths)):
        table = Parquet(files)
        whole = pl.concat([pl.read_parquet(path) for path in paths])
        assert table.columns() == whole.columns
        assert table.height() == 80
        assert table.read().equals(whole)
        assert table.read(("text", "uid", "text"), 50, 20).equals(whole.select("text", "uid")[50:70])
        assert table.read(("uid",), 80, 5).equals(whole.select("uid")[:0])


def test_a_large_table_is_handed_over_in_parts_and_comes_whole(tmp_path, monkeypatch):
    table = pl.DataFrame({"image": [bytes([number]) * 1_000_000 for number in range(40)]})
    table.write_parquet(tmp_path / "images.parquet")
    assert Parquet((tmp_path / "images.parquet",)).read().equals(table)
