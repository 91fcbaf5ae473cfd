"""A plan is made anew when what its pool depends on has changed, wherever that lies, and not otherwise."""

import fsspec
import polars as pl
import pytest

from study.cli import main
from tests.data import shards, store

UNCHANGED = "mine: 1 runs planned, unchanged\n"
AGAIN = "mine: 1 runs planned, 1 new\n"


@pytest.fixture
def rows(embedded):
    return list(shards.pairs(embedded, 48))


@pytest.fixture
def plan(tmp_path, monkeypatch, capsys):
    """A function that plans a run on a source and gives what is printed."""
    monkeypatch.chdir(tmp_path)

    def plan_it(source):
        setting = f"source: {{{source}}}, arch: vit_pico, strategy: clip, lr: 0.001"
        (tmp_path / "mine.yaml").write_text(f"grid: {{{setting}, samples_seen: 32, global_batch_size: 16}}\n")
        assert main(["plan", "mine.yaml", "--quiet"]) == 0
        return capsys.readouterr().out

    return plan_it


@pytest.fixture
def remote(tmp_path, rows):
    """A function that puts a file into a store in memory, whose address it gives."""
    system = fsspec.filesystem("memory")

    def put(name, part):
        shards.write_tar(tmp_path / "made.tar", shards.members(part))
        with system.open(f"/current/{name}", "wb") as file:
            file.write((tmp_path / "made.tar").read_bytes())
        return "memory://current"

    yield put
    system.rm("/current", recursive=True)


def test_a_shard_that_comes_to_a_store_is_noticed(plan, rows, remote):
    source = f"name: webdataset, shards: '{remote('0.tar', rows[:24])}'"
    assert plan(source) == AGAIN
    assert plan(source) == UNCHANGED
    remote("1.tar", rows[24:])
    assert plan(source) == AGAIN
    assert plan(source) == UNCHANGED


def test_shards_that_come_at_all_are_noticed(plan, rows, remote):
    source = "name: webdataset, shards: 'memory://current', pairs: 1000"
    assert plan(source).startswith("mine: 1 runs planned, ")
    assert plan(source) == UNCHANGED
    remote("0.tar", rows)
    assert plan(source) == AGAIN


def test_an_unchanged_plan_reads_no_shard(plan, rows, tmp_path):
    shards.write_tar(tmp_path / "pool" / "0.tar", shards.members(rows))
    asked = []
    with store.serving(tmp_path / "pool") as server:
        source = f"name: webdataset, shards: '{server.address}/0.tar'"
        assert plan(source) == AGAIN
        server.behave = lambda number, request: int(asked.append(request) or 0)
        assert plan(source) == UNCHANGED
    assert asked
    assert [request for request in asked if request.startswith("GET") and request.endswith(".tar")] == []


def scores(path, column, values, rows):
    path.parent.mkdir(exist_ok=True)
    table = pl.DataFrame({"uid": [row["uid"] for row in rows], column: values})
    with path.open("wb") as file:  # in place: the folder stays as it is
        table.write_parquet(file)


@pytest.mark.parametrize("folder", ["pool", "scores"])
def test_scores_that_change_are_noticed(plan, rows, tmp_path, folder):
    shards.write_tar(tmp_path / "pool" / "0.tar", shards.members(rows, "uid"))
    table = tmp_path / folder / ("0.scores.parquet" if folder == "pool" else "0.parquet")
    scores(table, "s", [float(row) for row in range(48)], rows)
    source = "name: webdataset, shards: pool, uid_column: uid, score_column: s"
    source += ", scores: scores" if folder == "scores" else ""
    assert plan(source) == AGAIN
    assert plan(source) == UNCHANGED
    scores(table, "s", [-float(row) for row in range(48)], rows)
    assert plan(source) == AGAIN


@pytest.mark.parametrize("folder", [".", "scores"])
def test_scores_of_a_table_that_change_are_noticed(plan, rows, tmp_path, folder):
    columns = {name: [row[name] for row in rows] for name in ("uid", "image", "caption")}
    pl.DataFrame(columns).write_parquet(tmp_path / "pairs.parquet")
    table = tmp_path / folder / ("pairs.scores.parquet" if folder == "." else "pairs.parquet")
    scores(table, "s", [float(row) for row in range(48)], rows)
    source = "name: table, path: pairs.parquet, uid_column: uid, score_column: s"
    source += ", scores: scores" if folder == "scores" else ""
    assert plan(source) == AGAIN
    assert plan(source) == UNCHANGED
    scores(table, "s", [-float(row) for row in range(48)], rows)
    assert plan(source) == AGAIN


def test_metadata_of_datacomp_and_shards_that_come_are_noticed(plan, rows, tmp_path):
    columns = {name: [row[name] for row in rows] for name in ("uid", "caption")}
    sides = {name: [48] * 48 for name in ("original_width", "original_height")}
    table = pl.DataFrame({**columns, **sides, "s": [float(row) for row in range(48)]}).rename({"caption": "text"})
    (tmp_path / "metadata").mkdir()
    table.write_parquet(tmp_path / "metadata" / "0.parquet")
    source = "name: datacomp, metadata: metadata, shards: pool, score_column: s"
    plan(source)
    assert plan(source) == UNCHANGED
    shards.write_tar(tmp_path / "pool" / "0.tar", shards.members(rows, "uid"))
    assert plan(source) == AGAIN
    assert plan(source) == UNCHANGED
    table.with_columns(-pl.col("s")).write_parquet(tmp_path / "metadata" / "0.parquet")
    assert plan(source) == AGAIN


def test_a_shard_that_could_not_be_read_is_tried_again_by_each_plan(plan, rows, tmp_path):
    for number in range(2):
        shards.write_tar(tmp_path / "pool" / f"{number}.tar", shards.members(rows[24 * number : 24 * number + 24]))
    with store.serving(tmp_path / "pool", lambda number, request: 503 if request == "GET /1.tar" else 0) as server:
        source = f"name: webdataset, shards: '{server.address}/{{0..1}}.tar', max_unreadable: 0.5"
        assert plan(source) == AGAIN
        assert plan(source) == "mine: 1 runs planned, 0 new\n"
        server.behave = lambda number, request: 0
        assert plan(source) == AGAIN
        assert plan(source) == UNCHANGED
