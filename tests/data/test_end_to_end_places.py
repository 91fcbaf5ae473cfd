"""From raw files to a trained run: streamed, from stores, and in the forms that users' files may have."""

import fsspec
import polars as pl
import pytest

from study import io
from study.data import streaming
from study.data.tables import table
from study.train.steps import read_steps
from tests.data import shards, store
from tests.data.planned import trained

PAIRS, SHARDS = 48, 3


@pytest.fixture(scope="module")
def rows(embedded):
    return list(shards.pairs(embedded, PAIRS))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder; runs are streamed where they can be."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(streaming, "CACHE_BYTES", 0)
    return tmp_path


def tars(folder, rows, *fields):
    for number in range(SHARDS):
        shards.write_tar(folder / f"{number}.tar", shards.members(rows[number::SHARDS], *fields))


def steps_of(source):
    """What a run has computed, and how it read its pairs."""
    run, _, outcome = trained(source)
    assert (outcome["status"], outcome["samples_skipped"]) == ("completed", {})
    losses = [(step["samples_seen"], step["loss"]) for step in read_steps(run)]
    return run.name, losses, outcome["skipped_unit"]


def test_a_streamed_run_is_the_same_from_a_disk_and_from_stores(folder, monkeypatch, rows):
    tars(folder / "data", rows)
    ways = {"disk": str(folder / "data"), "memory": "memory://planned"}
    for path in (folder / "data").iterdir():
        fsspec.filesystem("memory").pipe(f"/planned/{path.name}", path.read_bytes())
    found = {}
    with store.serving(folder / "data") as server:
        ways["http"] = f"{server.address}/{{0..2}}.tar"
        for way, place in ways.items():
            (folder / way).mkdir()
            monkeypatch.chdir(folder / way)
            found[way] = steps_of(f"{{name: webdataset, shards: '{place}'}}")
            assert not (folder / way / "results" / "cache" / "pixels").exists()
    assert found["disk"] == found["memory"] == found["http"]
    assert found["disk"][1]
    assert found["disk"][2] == "samples"


@pytest.mark.parametrize("streamed", [True, False])
def test_a_run_from_s3(folder, s3, monkeypatch, rows, streamed):
    if not streamed:
        monkeypatch.setattr(streaming, "CACHE_BYTES", 2**30)
    tars(folder / "data", rows)
    place = s3.replace("pool", f"planned-{streamed}")
    for path in (folder / "data").iterdir():
        fsspec.filesystem("s3").pipe(f"{place}/{path.name}", path.read_bytes())
    assert steps_of(f"{{name: webdataset, shards: '{place}'}}")[2] == ("samples" if streamed else "pairs")


def json_members(folder, rows):
    tars(folder, [{**row, "alt": row["caption"], "clip": n / 100} for n, row in enumerate(rows)], "alt", "clip")
    return "{name: webdataset, shards: 'data/*.tar', caption_column: alt, score_column: clip}"


def scores_elsewhere(folder, rows):
    tars(folder, rows, "uid")
    for number in range(SHARDS):
        part = rows[number::SHARDS]
        scores = {"uid": [row["uid"] for row in part], "clip": [number + n / 100 for n in range(len(part))]}
        io.write_parquet(folder / "scores" / f"{number}.parquet", pl.DataFrame(scores))
    return "{name: webdataset, shards: [data/0.tar, 'data/{1..2}.tar'], uid_column: uid, score_column: clip, " + (
        "scores: data/scores}"
    )


def bytes_in_parquet(folder, rows):
    columns = {"image": [row["image"] for row in rows], "caption": [row["caption"] for row in rows]}
    io.write_parquet(folder / "pairs.parquet", pl.DataFrame({**columns, "clip": range(len(rows))}))
    return "{name: table, path: data/pairs.parquet, score_column: clip}"


def paths_in_jsonl(folder, rows):
    folder.mkdir()
    for row in rows:
        (folder / row["key"]).write_bytes(row["image"])
    columns = {"image": [row["key"] for row in rows], "caption": [row["caption"] for row in rows]}
    pl.DataFrame({**columns, "clip": range(len(rows))}).write_ndjson(folder / "pairs.jsonl")
    return "{name: table, path: data/pairs.jsonl, score_column: clip}"


@pytest.mark.parametrize("kind", [json_members, scores_elsewhere])
def test_captions_and_scores_of_shards_may_lie_elsewhere(folder, rows, kind):
    _, spec, outcome = trained(kind(folder / "data", rows), quality=0.5)
    assert spec["data"]["unique_pairs"] == PAIRS // 2
    assert (outcome["status"], outcome["samples_skipped"], outcome["skipped_unit"]) == ("completed", {}, "samples")


@pytest.mark.parametrize("kind", [bytes_in_parquet, paths_in_jsonl])
def test_tables_may_be_read_in_parts(folder, monkeypatch, rows, kind):
    source, found = kind(folder / "data", rows), []
    for held in (2**28, 0):
        monkeypatch.setattr(table, "HELD", held)
        (folder / str(held)).mkdir()
        (folder / str(held) / "data").symlink_to(folder / "data")
        monkeypatch.chdir(folder / str(held))
        run, spec, outcome = trained(source, quality=0.5)
        assert spec["data"]["unique_pairs"] == PAIRS // 2
        assert (outcome["status"], outcome["samples_skipped"], outcome["skipped_unit"]) == ("completed", {}, "pairs")
        found.append([(step["samples_seen"], step["loss"]) for step in read_steps(run)])
    assert found[0] == found[1] != []
