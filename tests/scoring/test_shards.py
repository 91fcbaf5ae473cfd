"""Scores of shards: a table beside each, which the source takes as its scores."""

import polars as pl
import pytest

from study.cli import main
from study.data.place import open_source
from study.records import PluginRef
from study.scoring.request import Request, RunsRef
from study.scoring.share import Share
from study.scoring.work import score_share
from study.train.device import place
from study.train.run import Switches, train_run
from tests.conftest import BATCH


@pytest.fixture
def shards(tmp_path):
    out = tmp_path / "shards"
    made = ["data", "reshard", "embedded", "--size", "90", "--per-shard", "40", "--out", str(out)]
    assert main([*made, "--results", str(tmp_path / "results")]) == 0
    return out


@pytest.fixture
def run(planned_run):
    path = planned_run(pairs=64, samples_seen=2 * BATCH)
    train_run(path, path.parents[2], Switches(lambda: place("cpu", 1), lambda line: None, None, 1e9))
    return path.parent


def asked(shards, run, out=None):
    ref = PluginRef(name="webdataset", options={"shards": str(shards), "uid_column": "uid"})
    by = RunsRef(runs=(run,))
    results = shards.parent / "results"
    return Request(source=ref, results=results, by=by, column="s", out=out, device="cpu", threads=1, chunk=16)


def pool(shards, **options):
    given = {"shards": str(shards), "uid_column": "uid", "score_column": "s", **options}
    return open_source(PluginRef(name="webdataset", options=given), shards.parent / "results").pool().sort("uid")


def test_each_shard_has_its_scores_beside_it_and_the_source_takes_them(shards, run, tmp_path):
    for index in range(3):
        score_share(asked(shards, run), Share(index, 3), lambda done: None)
    beside = sorted(shards.glob("*.scores.parquet"))
    assert [path.name for path in beside] == [f"0000{number}.scores.parquet" for number in range(3)]
    assert not [path for path in shards.iterdir() if "parts" in path.name]
    found = pool(shards)
    assert found["score"].is_null().sum() == 64  # what the run was trained on
    written = pl.concat([pl.read_parquet(path) for path in beside]).sort("uid")
    assert found.equals(written.select("uid", score="s"))
    score_share(asked(shards, run, tmp_path / "apart"), Share(), lambda done: None)
    for path in beside:
        path.rename(tmp_path / path.name)
    assert pool(shards, scores=str(tmp_path / "apart")).equals(found)


def test_one_process_writes_what_three_do(shards, run, tmp_path):
    for index in range(3):
        score_share(asked(shards, run, tmp_path / "three"), Share(index, 3), lambda done: None)
    score_share(asked(shards, run, tmp_path / "one"), Share(), lambda done: None)
    for number in range(3):
        name = f"0000{number}.parquet"
        assert (tmp_path / "three" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
