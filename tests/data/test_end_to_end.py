"""From raw files to a trained run, for each kind of data that users bring."""

import polars as pl
import pytest

from study.cli import main
from tests.data import shards
from tests.data.planned import trained

PAIRS = 48


@pytest.fixture(scope="module")
def rows(embedded):
    return list(shards.pairs(embedded, PAIRS))


def scores(rows):
    return [number / 100 for number in range(len(rows))]


def webdataset(folder, rows):
    for number in range(3):
        shards.write_tar(folder / f"{number:05}.tar", shards.members(rows[16 * number : 16 * number + 16]))
    return "{name: webdataset, shards: 'data/{00000..00002}.tar'}", 1.0


def img2dataset(folder, rows):
    folder.mkdir()
    for number in range(2):
        part = rows[24 * number : 24 * number + 24]
        shards.write_img2dataset(folder, f"{number:05}", part, similarity=scores(part))
    return "{name: webdataset, shards: data, score_column: similarity, max_aspect: 3, min_words: 1}", 0.5


def datacomp(folder, rows):
    (folder / "metadata").mkdir(parents=True)
    shards.write_tar(folder / "shards" / "00000.tar", shards.members(rows, "uid"))
    columns = {"uid": [row["uid"] for row in rows], "text": [row["caption"] for row in rows]}
    sides = {"original_width": 48, "original_height": 48}
    table = pl.DataFrame({**columns, "clip_l14_similarity_score": scores(rows)}).with_columns(
        **{name: pl.lit(side) for name, side in sides.items()}
    )
    table.write_parquet(folder / "metadata" / "0.parquet")
    return "{name: datacomp, metadata: data/metadata, shards: data/shards}", 0.5


def table(kind, write):
    def make(folder, rows):
        folder.mkdir()
        for row in rows:
            (folder / f"{row['key']}.{row['kind']}").write_bytes(row["image"])
        names = [f"{row['key']}.{row['kind']}" for row in rows]
        captions = [row["caption"].replace("\t", " ").replace("\n", " ") for row in rows]
        write(pl.DataFrame({"image": names, "caption": captions, "clip": scores(rows)}), folder / f"pairs.{kind}")
        return f"{{name: table, path: data/pairs.{kind}, score_column: clip}}", 0.5

    return make


MAKERS = {
    "webdataset": webdataset,
    "img2dataset": img2dataset,
    "datacomp": datacomp,
    "csv": table("csv", pl.DataFrame.write_csv),
    "tsv": table("tsv", lambda rows, path: rows.write_csv(path, separator="\t", quote_style="never")),
    "jsonl": table("jsonl", pl.DataFrame.write_ndjson),
    "parquet": table("parquet", pl.DataFrame.write_parquet),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_raw_files_become_a_trained_run(tmp_path, monkeypatch, capsys, rows, kind):
    monkeypatch.chdir(tmp_path)
    source, quality = MAKERS[kind](tmp_path / "data", rows)
    _, spec, outcome = trained(source, quality)
    assert spec["data"]["unique_pairs"] == PAIRS * quality
    assert (outcome["status"], outcome["samples_seen"], outcome["samples_skipped"]) == ("completed", 32, {})
    capsys.readouterr()


def test_a_pool_whose_shards_are_not_there_is_an_estimate(tmp_path, monkeypatch, capsys, rows):
    monkeypatch.chdir(tmp_path)
    datacomp(tmp_path / "data", rows)
    source = "{name: datacomp, metadata: data/metadata, shards: absent}"
    setting = f"source: {source}, quality: 0.5, arch: vit_pico, strategy: clip, lr: 0.001"
    (tmp_path / "mine.yaml").write_text(f"grid: {{{setting}, samples_seen: 32, global_batch_size: 16}}\n")
    assert main(["plan", "mine.yaml", "--json"]) == 0
    assert '"unique_pairs": 24' in capsys.readouterr().out
    assert main(["plan", "mine.yaml", "--quiet", "--runnable"]) == 2
    assert not (tmp_path / "results" / "runs").exists()


def test_a_new_shard_makes_the_plan_anew(tmp_path, monkeypatch, capsys, rows):
    monkeypatch.chdir(tmp_path)
    shards.write_tar(tmp_path / "data" / "0.tar", shards.members(rows[:24]))
    setting = "source: {name: webdataset, shards: data}, arch: vit_pico, strategy: clip, lr: 0.001"
    (tmp_path / "mine.yaml").write_text(f"grid: {{{setting}, samples_seen: 32, global_batch_size: 16}}\n")
    for pairs, part in ((24, []), (24, []), (48, rows[24:])):
        if part:
            shards.write_tar(tmp_path / "data" / "1.tar", shards.members(part))
        assert main(["plan", "mine.yaml", "--json"]) == 0
        assert f'"unique_pairs": {pairs}' in capsys.readouterr().out
