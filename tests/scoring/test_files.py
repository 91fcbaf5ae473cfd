"""Files of scores: nobody's columns and rows are lost, whoever writes when, and whenever one is killed."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from study.data.place import open_source
from study.io import is_locked
from study.records import PluginRef
from study.scoring.files import LOCK, ScoreFiles
from study.scoring.request import OpenClipRef, Request, Scored
from tests.data.shards import members, write_tar
from tests.data.shards import pairs as pairs_of
from tests.killed import killed
from tests.scoring.conftest import MODEL


def opened(pairs, **options):
    source = open_source(PluginRef(name="table", options={"path": str(pairs), **options}), pairs.parent / "results")
    return source, source.index().pieces[0]


def files(source, column, weights="w" * 64):
    return ScoreFiles(source, None, Scored(column=column, model="m", pretrained="p", weights=weights, how="h"))


def write(given, source, piece, level):
    uids = source.pool()["uid"].to_list()
    scores = pl.Series([level] * len(uids), dtype=pl.Float32)
    given.write_part(piece, 0, uids, scores, pl.Series([None] * len(uids), dtype=pl.String))
    given.finish(piece, range(0, len(uids), 1024), uids)


def test_columns_that_are_written_at_the_same_time_are_all_kept(pairs):
    source, piece = opened(pairs)
    source.pool()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: write(files(source, f"s{number}"), source, piece, number), range(8)))
    found = pl.read_parquet(pairs.with_suffix(".scores.parquet"))
    assert [found[f"s{number}"].unique().to_list() for number in range(8)] == [[number] for number in range(8)]


def test_parts_go_while_nobody_else_may_join_them(pairs, monkeypatch):
    source, piece = opened(pairs)
    given, alone = files(source, "s"), []
    lock, remove = pairs.with_name(LOCK), shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", lambda *path, **how: alone.append(is_locked(lock)) or remove(*path, **how))
    write(given, source, piece, 1)
    given.part(piece, 0).parent.mkdir()  # as a kill leaves it
    given.clear(piece)
    given.part(piece, 0).parent.mkdir()
    given.finish(piece, range(0, piece.pairs, 1024), [])  # the other process had all parts, and has joined them
    assert alone == [True, True, True]
    assert not given.part(piece, 0).parent.exists()


def test_a_choice_by_filters_leaves_the_scores_of_other_pairs(pairs):
    source, piece = opened(pairs)
    some, part = opened(pairs, min_characters=len("a picture of 10 things"))
    assert 0 < part.pairs < piece.pairs
    write(files(source, "all"), source, piece, 1)
    write(files(some, "some"), some, part, 2)
    found = pl.read_parquet(pairs.with_suffix(".scores.parquet"))
    assert (found["all"].count(), found["some"].count()) == (piece.pairs, part.pairs)
    assert files(some, "some").is_done(part)
    assert not files(source, "some").is_done(piece)  # though the file has a row for each
    write(files(source, "some"), source, piece, 3)
    assert files(source, "some").is_done(piece)
    assert pl.read_parquet(pairs.with_suffix(".scores.parquet"))["all"].count() == piece.pairs


@pytest.mark.slow
def test_a_scoring_that_is_killed_in_any_write_ends_with_the_same_bytes(pairs, weights, tmp_path):
    def asked(out):
        source, by = (
            PluginRef(name="table", options={"path": str(pairs)}),
            OpenClipRef(model=MODEL, pretrained=str(weights)),
        )
        given = {"column": "s", "device": "cpu", "threads": 1, "chunk": 8}
        return Request(source=source, results=tmp_path / "r", by=by, out=out, **given).model_dump_json()

    assert not killed(0, "study.scoring.worker", 0, 1, given=asked(tmp_path / "straight"))
    times = 0
    for write in (1, 2, 3, 1):  # the first part, the second, the file of all when the last part is there; that again
        times += killed(write, "study.scoring.worker", 0, 1, given=asked(tmp_path / "killed"))
    assert not (tmp_path / "killed" / "pairs.parquet").exists()
    assert not killed(0, "study.scoring.worker", 0, 1, given=asked(tmp_path / "killed"))
    assert times == 4
    whole = [(tmp_path / out / "pairs.parquet").read_bytes() for out in ("straight", "killed")]
    assert whole[0] == whole[1]


def test_parts_that_a_kill_left_beside_a_whole_file_are_not_kept_for_later(pairs, weights, tmp_path):
    from study.scoring.share import Share
    from study.scoring.work import score_share

    source = PluginRef(name="table", options={"path": str(pairs)})
    by = OpenClipRef(model=MODEL, pretrained=str(weights))
    request = Request(source=source, results=tmp_path / "r", by=by, out=tmp_path / "o", column="s", device="cpu")
    score_share(request, Share(), lambda done: None)
    [scored] = pl.read_parquet(tmp_path / "o" / "pairs.parquet").select("s_weights", "s_how").unique().rows()
    own = Scored(column="s", model=MODEL, pretrained=str(weights), weights=scored[0], how=scored[1])
    opened_, piece = opened(pairs)
    left = ScoreFiles(opened_, tmp_path / "o", own).part(piece, 0)
    left.parent.mkdir()
    left.touch()
    score_share(request, Share(), lambda done: None)
    assert not left.parent.exists()


def test_a_shard_of_other_pairs_has_yet_to_be_scored(tmp_path, embedded):
    rows = list(pairs_of(embedded, 6))
    for new in (rows[:3], rows[3:]):  # downloaded anew: as many pairs, and others
        write_tar(tmp_path / "pool" / "0.tar", members(new))
        source = open_source(PluginRef(name="webdataset", options={"shards": str(tmp_path / "pool")}), tmp_path / "r")
        [piece] = source.index().pieces
        given = files(source, "s")
        assert not given.is_done(piece)
        assert not given.has_column(piece)
        write(given, source, piece, 1)
        assert given.is_done(piece)
    assert pl.read_parquet(tmp_path / "pool" / "0.scores.parquet")["s"].count() == 6
