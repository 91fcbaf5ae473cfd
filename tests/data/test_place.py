"""Where the data of runs lies: as their study's plan says, from any working folder."""

from pathlib import Path

import polars as pl
import pytest

from study.cli import main
from study.config.spec import read_spec
from study.data.place import open_planned
from study.io import read_json
from tests.data import shards


@pytest.fixture
def folder(tmp_path, monkeypatch, embedded):
    """A working folder with one pool as shards and as a table."""
    monkeypatch.chdir(tmp_path)
    rows = list(shards.pairs(embedded, 48))
    shards.write_tar(tmp_path / "pool" / "0.tar", shards.members(rows, "uid"))
    pl.DataFrame({name: [row[name] for row in rows] for name in ("uid", "image", "caption")}).write_parquet(
        "pairs.parquet"
    )
    return tmp_path


def plan(name, source, lr):
    """The data of the one run of a study."""
    setting = f"source: {{{source}}}, arch: vit_pico, strategy: clip, lr: {lr}"
    Path(f"{name}.yaml").write_text(f"grid: {{{setting}, samples_seen: 32, global_batch_size: 16}}\n")
    assert main(["plan", f"{name}.yaml", "--quiet"]) == 0
    [run_id] = read_json(Path(f"results/{name}/plan.json"))["run_ids"]
    return read_spec(Path(f"results/runs/{run_id}/spec.json")).data


SHARDS, TABLE = "name: webdataset, shards: pool", "name: table, path: pairs.parquet"


@pytest.mark.parametrize("source", [SHARDS, TABLE])
def test_runs_find_their_data_from_any_folder(folder, monkeypatch, source):
    data = plan("a", source, 0.001)
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    for study in ("a", None):
        assert open_planned(data, folder / "results", study).fingerprint() == data.fingerprint


def test_what_a_study_bears_is_its_own(folder):
    data = plan("a", f"{SHARDS}, max_skipped: 0.5", 0.001)
    assert plan("b", SHARDS, 0.002) == data
    results = folder / "results"
    borne = {study: open_planned(data, results, study).max_skipped for study in ("a", "b", "unplanned", None)}
    assert borne == {"a": 0.5, "b": 0.1, "unplanned": 0.1, None: 0.1}


def test_sources_of_several_kinds_may_have_the_same_pairs(folder):
    columns = {"uid": "uid", "text": "caption"}
    rows = pl.read_parquet("pairs.parquet")
    metadata = pl.DataFrame({name: rows[theirs] for name, theirs in columns.items()})
    (folder / "metadata").mkdir()
    metadata.with_columns(original_width=48, original_height=48).write_parquet("metadata/0.parquet")
    shards = plan("a", f"{SHARDS}, uid_column: uid", 0.001)
    datacomp = plan("b", "name: datacomp, metadata: metadata, shards: pool, score_column: null", 0.001)
    assert shards.fingerprint == datacomp.fingerprint
    for data in (shards, datacomp):
        assert open_planned(data, folder / "results").fingerprint() == data.fingerprint


def test_what_earlier_versions_noted_is_read(folder):
    data = plan("a", TABLE, 0.001)
    [noted] = (folder / "results" / "sources").iterdir()
    noted.rename(noted.with_name(f"{data.fingerprint}.json"))
    assert open_planned(data, folder / "results").fingerprint() == data.fingerprint
