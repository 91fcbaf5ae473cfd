"""The commands of docs/data.md, word for word, in a fresh folder with a small pool as img2dataset leaves it."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from scripts import make_shards
from study.cli import main

ROOT = Path(__file__).parents[2]
PAIRS, SHARDS = 128, 2


def commands():
    """Those of the page's blocks, in order."""
    asked = [sys.executable, str(ROOT / ".ci/readme_commands.py"), str(ROOT / "docs/data.md")]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture
def folder(tmp_path):
    """What the page's commands need of a clone."""
    (tmp_path / "grids").mkdir()
    for name in ("Snakefile", "grids/shards.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    return tmp_path


def test_the_page_is_about_the_folder_that_the_script_makes(folder, monkeypatch, embedded, capsys):
    """All of the commands but those that train, with scores that are there."""
    monkeypatch.chdir(folder)
    rows = list(make_shards.pairs(embedded, embedded.pool()["uid"].to_list()[:PAIRS]))
    inspect, score, subset, plan, run, reshard = [shlex.split(command) for command in commands()]
    assert run == ["snakemake", "--cores", "all", "--config", "grid=grids/shards.yaml"]
    for known, some in (
        ({}, (inspect, [*score, "--dry-run"])),
        ({"similarity": range(PAIRS)}, (subset, plan, reshard)),
    ):
        make_shards.write_img2dataset(folder / "pool", "00000", rows, **known)
        for command in some:
            assert command[0] == "study"
            assert main(command[1:]) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "lowest score  64" in said
    assert "shards: 3 runs planned, 3 new" in said
    assert pl.read_parquet(folder / "best/00000.parquet")["score"].min() == 64


@pytest.fixture
def hub(tmp_path):
    """A cache of weights as huggingface_hub keeps it, with random ones in the place of those that the page names."""
    import open_clip
    import torch
    from open_clip.pretrained import get_pretrained_cfg
    from safetensors.torch import save_file

    torch.manual_seed(0)
    weights = open_clip.create_model("ViT-B-32", pretrained_text=False).state_dict()
    repository = get_pretrained_cfg("ViT-B-32", "openai")["hf_hub"].strip("/")
    cached, commit = tmp_path / "hub" / f"models--{repository.replace('/', '--')}", 40 * "0"
    (cached / "snapshots" / commit).mkdir(parents=True)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    halves = {name: value.half().contiguous() for name, value in weights.items()}
    save_file(halves, cached / "snapshots" / commit / "open_clip_model.safetensors")
    return tmp_path / "hub"


@pytest.mark.slow
def test_the_commands_lead_from_a_folder_to_a_report(folder, hub):
    make_shards.make(folder / "pool", PAIRS, PAIRS // SHARDS)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    offline = {"HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"}
    environment = {**os.environ, **offline, "PATH": programs, "PYTHONPATH": str(ROOT)}
    for command in commands():
        done = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "data:image/jpeg;base64," in (folder / "pool.html").read_text()
    scored = pl.concat([pl.read_parquet(path) for path in sorted((folder / "pool").glob("*.scores.parquet"))])
    assert (scored.height, scored["similarity"].null_count()) == (PAIRS, SHARDS)  # an image in each shard is cut short
    runs = pl.read_parquet(folder / "results/shards/runs.parquet")
    assert runs["status"].to_list() == ["completed"] * 3
    assert sorted(runs["unique_pairs"]) == [PAIRS // 2, PAIRS // 2, PAIRS]
    assert (folder / "reports/shards/index.html").is_file()
    written = pl.concat([pl.read_parquet(path) for path in sorted((folder / "best").glob("*.parquet"))])
    best = scored.sort("similarity", descending=True, nulls_last=True).head(PAIRS // 2)
    assert written["score"].min() == best["similarity"].min()
