"""A plan says when a subset is cheaper to write once than to stream."""

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from study.cli import main
from study.plan import copies


class Room(NamedTuple):
    """Of a disk, in bytes."""

    free: int


GRID = """\
title: shards
common:
  source: {{name: webdataset, shards: {shards}, uid_column: uid, score_column: score}}
  arch: vit_pico
  strategy: clip
  global_batch_size: 8
grid:
  - {{name: best, quality: 0.25, epochs: {epochs}}}
  - {{name: all, epochs: {epochs}}}
"""


@pytest.fixture
def plan(capsys, tmp_path):
    """A function that plans runs on small shards of a subset of the embedded data, and gives the plan's advice."""
    shards, results = tmp_path / "shards", tmp_path / "results"
    made = ["data", "reshard", "embedded", "--size", "64", "--per-shard", "16", "--out", str(shards)]
    assert main([*made, "--results", str(results)]) == 0

    def run(epochs, places="{shards}"):
        grid = tmp_path / "grid.yaml"
        grid.write_text(GRID.format(shards=places.format(shards=shards), epochs=epochs))
        capsys.readouterr()
        assert main(["plan", str(grid), "--results", str(results), "--json", "--dry-run"]) == 0
        return json.loads(capsys.readouterr().out)["advice"]

    return run


def test_it_is_said_of_what_is_streamed_often_enough(plan, monkeypatch):
    assert plan(100) == []  # so few are decoded once and kept
    monkeypatch.setattr("study.data.streaming.CACHE_BYTES", 0)
    (line,) = plan(100)  # small images: each pass moves all of the pool, four times what it needs
    assert line.startswith("advice: 16 of 64 pairs are read 100 times")
    assert "study data reshard webdataset --set shards=" in line
    assert "--quality 0.25 --size 16" in line
    assert plan(1) == []


def test_what_it_says_can_be_run_as_it_stands(plan, monkeypatch, tmp_path):
    monkeypatch.setattr("study.data.streaming.CACHE_BYTES", 0)
    (line,) = plan(100, "['{shards}/0000[01].tar', '{shards}/{{00002..00003}}.tar']")
    advised = line.split(": ")[2].split(" (")[0].replace("DIR", str(tmp_path / "written"))
    command = ["bash", "-c", f"{sys.executable} -m {advised}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "written" / "00000.tar").exists()


def test_room_for_decoded_copies_is_told_before_anything_runs(plan, monkeypatch, tmp_path):
    monkeypatch.setattr(copies, "WORTH_A_WORD", 1)
    taken = 3 * 32**2 * (16 + 64)  # of each subset one
    (line,) = plan(1)
    assert line == f"disk: decoded copies take {taken / 1e3:.3g} kB under {tmp_path / 'results/cache/pixels'}, once"
    monkeypatch.setattr(copies, "disk_usage", lambda path: Room(1000))
    (line,) = plan(1)
    assert line.endswith("once; only 1 kB are free there, so make room or plan less")
    monkeypatch.setattr("study.data.streaming.CACHE_BYTES", 0)
    assert plan(1) == []  # what is streamed takes none
