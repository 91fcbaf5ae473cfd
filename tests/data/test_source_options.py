"""What a newcomer gets wrong about a source, and what is said then."""

import json
import re

import pytest

from study.cli import main
from study.data import SOURCES
from tests.data import shards

WRONG = {
    "pool": r"pool is a path; .*\(datacomp, embedded, table, webdataset\), such as: webdataset --set shards=pool",
    "pool/pairs.csv": r"pool/pairs.csv is a path; .* such as: table --set path=pool/pairs.csv",
    "webdataset pool": r"pool: where the data lies is an option .* write webdataset --set shards=pool",
    "datacomp pool": r"pool: .* write datacomp --set metadata=pool",
    "table pool/pairs.csv": r"pool/pairs.csv: .* write table --set path=pool/pairs.csv",
    "embedded pool": r"pool: embedded lies in the package and takes no place",
    "webdatset": r"unknown source 'webdatset'; did you mean webdataset",
    "webdataset": r"webdataset: give shards, or pairs to plan without them",
    "webdataset --set shard=pool": r"webdataset.shard: unknown key; did you mean shards\?",
    "webdataset --set shards=pool --set min_side=big": r"webdataset.min_side: must be a whole number, got 'big'",
    "webdataset --set shards=pool --set max_aspect=0.5": r"webdataset.max_aspect: must be at least 1, got '0.5'",
    "webdataset --set shards=": r"--set shards=: there is no value behind the =; none stands for none",
    "webdataset --set shards": r"--set takes KEY=VALUE, got shards",
    "webdataset --set shards=pool": r"no .tar file at /.*/pool$",
    "webdataset --set shards=pool --set shards=none": r"--set shards=none: none stands alone, not beside other values",
    "--set shards=pool webdataset": r"no .tar file at /.*/pool$",
    "table --set path=a.csv --set path=b.csv": r"table.path: must be a path, got a list",
}


@pytest.mark.parametrize("asked", WRONG)
def test_what_is_wrong_is_told_in_a_line(tmp_path, monkeypatch, capsys, asked):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "pairs.csv").write_text("image,caption\n")
    assert main(["data", "inspect", *asked.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(f"study: {WRONG[asked]}", line)


def test_a_pool_without_its_scores_is_told_how_to_get_them(tmp_path, capsys, embedded):
    shards.write_img2dataset(tmp_path / "pool", "00000", shards.pairs(embedded, 4))
    asked = ["--set", f"shards={tmp_path / 'pool'}", "--set", "score_column=similarity"]
    assert main(["data", "subset", "webdataset", *asked, "--results", str(tmp_path / "results")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("study: 1 of 1 shards lack a column that is asked for: ")
    assert "unknown column 'similarity'; known: caption, error_message, height, key" in said
    assert said.endswith("study data score adds a column of scores\n")


def test_an_option_of_several_values_is_given_several_times(tmp_path, capsys, embedded):
    for first, name in enumerate(("one", "two")):
        shards.write_img2dataset(tmp_path / name, "00000", shards.pairs(embedded, 4, 4 * first))
    asked = ["--set", f"shards={tmp_path / 'one'}", "--set", f"shards={tmp_path / 'two'}"]
    assert main(["data", "subset", "webdataset", *asked, "--results", str(tmp_path / "results"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pool"] == 8


@pytest.mark.parametrize("word", ["none", "null"])
def test_an_option_may_be_set_to_none(tmp_path, capsys, embedded, word):
    shards.write_img2dataset(tmp_path / "pool", "00000", shards.pairs(embedded, 4))
    asked = ["--set", f"shards={tmp_path / 'pool'}", "--set", f"score_column={word}"]
    assert main(["data", "subset", "webdataset", *asked, "--results", str(tmp_path / "results")]) == 0
    assert main(["data", "subset", "webdataset", *asked, "--set", f"min_side={word}", "--set", f"unique={word}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(f"study: webdataset.unique: must be .* got '{word}'", line)


def test_the_help_names_all_kinds_of_source(capsys):
    with pytest.raises(SystemExit):
        main(["data", "inspect", "--help"])
    said = capsys.readouterr().out
    assert [name for name in SOURCES.names() if name not in said] == []


def test_a_datacomp_pool_can_be_planned_before_its_metadata_are_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = "{name: datacomp, metadata: absent, shards: absent, pairs: 12.8M}"
    setting = f"source: {source}, quality: 0.3, arch: vit_pico, strategy: clip, lr: 0.001"
    (tmp_path / "mine.yaml").write_text(f"grid: {{{setting}, samples_seen: 32, global_batch_size: 16}}\n")
    assert main(["plan", "mine.yaml", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["estimate"]
    assert [row["unique_pairs"] for row in plan["rows"]] == [3_840_000]
