"""A DataComp pool that is scored, found again with its scores, chosen from by them, and planned."""

import json

import numpy as np
import polars as pl
import pytest

from study.cli import main
from tests.data import shards
from tests.scoring.conftest import MODEL

PAIRS, BROKEN = 40, 7


@pytest.fixture
def pool(tmp_path, embedded):
    """Metadata with a score of its own for all pairs, and two shards, in which one image is cut short."""
    rows = list(shards.pairs(embedded, PAIRS))
    rows[BROKEN]["image"] = rows[BROKEN]["image"][:60]
    table = pl.DataFrame({"uid": [row["uid"] for row in rows], "text": [row["caption"] for row in rows]})
    sides = {name: pl.lit(48) for name in ("original_width", "original_height")}
    (tmp_path / "metadata").mkdir()
    table.with_columns(clip_l14_similarity_score=1.0, **sides).write_parquet(tmp_path / "metadata" / "0.parquet")
    for number, part in enumerate((rows[:25], rows[25:])):
        shards.write_tar(tmp_path / "shards" / f"{number:05}.tar", shards.members(part, "uid"))
    return rows


def test_scores_of_a_datacomp_pool_choose_its_subsets_and_its_runs(pool, weights, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def told(*command):
        assert main([*command, "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    source = ["datacomp", "--set", "metadata=metadata", "--set", "shards=shards"]
    by = ["--model", MODEL, "--pretrained", str(weights), "--column", "mine", "--out", "scores", "--device", "cpu"]
    assert told("data", "score", *source, *by, "--dry-run")["pairs_left"] == PAIRS
    assert told("data", "score", *source, *by, "--threads", "1")["without_score"] == {"unreadable image": 1}
    written = pl.concat([pl.read_parquet(path) for path in sorted((tmp_path / "scores").glob("0*.parquet"))])
    assert sorted(written["uid"]) == sorted(row["uid"] for row in pool)
    assert written.filter(pl.col("mine").is_null())["uid"].to_list() == [pool[BROKEN]["uid"]]
    assert told("data", "score", *source, *by)["kept"] == PAIRS

    back = [*source, "--set", f"scores={tmp_path}/scores", "--set", "score_column=mine"]
    told("data", "subset", *back, "--quality", "0.25", "--out", "best.npy")
    best = written.sort("mine", "uid", descending=[True, False], nulls_last=True).head(10)["uid"].to_list()
    assert [f"{high:016x}{low:016x}" for high, low in np.load("best.npy").tolist()] == sorted(best)

    places = f"metadata: metadata, shards: shards, scores: {tmp_path}/scores"
    given = f"{{name: datacomp, {places}, score_column: mine}}"
    setting = f"source: {given}, quality: 0.25, arch: vit_pico, strategy: clip, lr: 0.001"
    (tmp_path / "mine.yaml").write_text(
        f"evaluation: [embedded/validation]\ngrid: {{{setting}, samples_seen: 32, global_batch_size: 10}}\n"
    )
    assert main(["plan", "mine.yaml", "--quiet", "--runnable"]) == 0
    [spec] = (tmp_path / "results" / "runs").glob("*/spec.json")
    assert json.loads(spec.read_text())["data"]["unique_pairs"] == 10
