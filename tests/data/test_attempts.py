"""Pools of which a part cannot be read, or has no scores: who was given one keeps it, and what is missing is told."""

import polars as pl
import pytest

from study.data.shards.attempt import UNREADABLE
from study.data.shards.webdataset import WebDataset
from study.errors import DataError
from tests.data import shards, store


@pytest.fixture(scope="module")
def rows(embedded):
    return list(shards.pairs(embedded, 24))


@pytest.fixture
def pool(tmp_path, rows):
    """Three shards of eight pairs, of which each but the first repeats one of the first."""
    for number in range(3):
        part = rows[8 * number : 8 * number + 8] + (rows[:1] if number else [])
        shards.write_tar(tmp_path / "pool" / f"{number}.tar", shards.members(part))
    return tmp_path / "pool"


@pytest.fixture
def server(pool):
    """A store that gives all files but the content of those that are named in its ``closed``."""
    with store.serving(pool) as server:
        server.closed, server.asked = set(), []

        def behave(number, request):
            server.asked.append(request)
            return 503 if request in {f"GET /{name}" for name in server.closed} else 0

        server.behave = behave
        yield server


@pytest.fixture
def opened(tmp_path):
    """A function that opens the three shards at an address."""

    def open_it(server, again=False, planned=None, **options):
        config = WebDataset.Config(shards=f"{server.address}/{{0..2}}.tar", **{"max_unreadable": 0.4, **options})
        source = WebDataset(config, tmp_path / "results")
        source.again, source.planned = again, planned
        return source

    return open_it


def made(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}


def test_what_cannot_be_read_is_tried_again_only_where_that_is_asked_for(opened, server, tmp_path):
    server.closed = {"2.tar"}
    first = opened(server)
    assert first.left_out() == {"repeated pair": 1, UNREADABLE: 1}
    assert not first.is_whole()
    files = made(tmp_path)
    server.asked.clear()
    assert opened(server).fingerprint() == first.fingerprint()
    assert [request for request in server.asked if request.startswith("GET") and request.endswith(".tar")] == []
    assert opened(server, again=True).fingerprint() == first.fingerprint()
    assert "GET /2.tar" in server.asked
    assert made(tmp_path) == files


def test_who_was_given_a_pool_keeps_it_when_more_can_be_read(opened, server):
    server.closed = {"2.tar"}
    first = opened(server)
    given = [piece.read() for piece in first.index().pieces]
    server.closed = set()
    assert opened(server).fingerprint() == first.fingerprint()
    better = opened(server, again=True)
    assert better.left_out() == {"repeated pair": 2}
    assert better.is_whole()
    assert [rows.height for rows in map(lambda piece: piece.read(), better.index().pieces)] == [8, 8, 8]
    assert all(piece.read().equals(rows) for piece, rows in zip(first.index().pieces, given, strict=True))
    assert opened(server).fingerprint() == better.fingerprint()
    planned = opened(server, planned=first.fingerprint())
    assert planned.fingerprint() == first.fingerprint()
    assert planned.index().pairs == 16


def test_a_kept_pool_is_refused_to_whom_it_lacks_too_much(opened, server):
    server.closed = {"2.tar"}
    opened(server).index()
    with pytest.raises(DataError, match=r"1 of 3 shards cannot be read, and max_unreadable is 0\.1; .*2\.tar"):
        opened(server, max_unreadable=0.1).index()


def test_an_attempt_that_was_stopped_leaves_nothing(opened, server, tmp_path):
    whole = opened(server)
    whole.index()
    [made] = tmp_path.rglob("attempts.json")
    made.unlink()  # as if it had been stopped before it was whole
    (made.parent / "0" / "000009.parquet").write_bytes(b"half")
    assert opened(server).fingerprint() == whole.fingerprint()
    assert sorted(path.name for path in (made.parent / "0").iterdir()) == [
        f"00000{number}.parquet" for number in range(3)
    ]


def scored(pool, number, rows, column="clip"):
    keys = [row["key"] for row in rows]
    table = pl.DataFrame({"key": keys, column: [float(key) for key in keys]})
    table.write_parquet(pool / f"{number}.scores.parquet")


def test_pairs_of_a_shard_without_scores_have_unknown_ones_and_that_is_told(pool, rows, tmp_path):
    for number in range(2):
        scored(pool, number, rows[8 * number : 8 * number + 8])
    told = []
    source = WebDataset(WebDataset.Config(shards=str(pool), score_column="clip"), tmp_path / "results", told.append)
    assert source.pool()["score"].to_list() == [*map(float, range(16)), *[None] * 8]
    assert source.left_out() == {"repeated pair": 2}
    assert told == ["8 of 24 pairs have no score in column 'clip': they are taken last"]
    WebDataset(source.config, tmp_path / "results", told.append).index()
    assert len(told) == 2  # of the pool that is kept, too
    scored(pool, 2, rows[16:])
    assert WebDataset(source.config, tmp_path / "results", told.append).pool()["score"].null_count() == 0
    assert len(told) == 2


def test_a_column_of_scores_that_no_shard_has_is_an_error_each_time(pool, rows, tmp_path):
    scored(pool, 0, rows[:8])
    for _ in range(2):
        with pytest.raises(
            DataError, match=r"3 of 3 shards lack .* unknown column 'cilp'; did you mean clip.*study data"
        ):
            WebDataset(WebDataset.Config(shards=str(pool), score_column="cilp"), tmp_path / "results").index()
