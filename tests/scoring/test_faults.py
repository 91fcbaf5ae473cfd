"""Scoring where something fails: nothing that may pass is taken for good, and whatever ends it ends all of it."""

import json
import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

from study.cli import main
from study.data.pixels import MISSING
from study.data.place import open_source
from study.errors import UnansweredError
from study.io import lock
from study.records import PluginRef
from study.scoring.progress import Done, Progress
from study.scoring.request import OpenClipRef, Request
from study.scoring.share import Share
from study.scoring.start import score as score_all
from study.scoring.work import score_share
from tests.data import store
from tests.data.shards import members, write_tar
from tests.data.shards import pairs as pairs_of
from tests.scoring.conftest import MODEL, picture


@pytest.fixture
def request_for(weights, tmp_path):
    def make(name, chunk=8, **options):
        by = OpenClipRef(model=MODEL, pretrained=str(weights))
        given = {"column": "s", "device": "cpu", "threads": 1, "chunk": chunk, "out": tmp_path / "out"}
        return Request(source=PluginRef(name=name, options=options), results=tmp_path / "r", by=by, **given)

    return make


def scored(request):
    told = []
    score_share(request, Share(), told.append)
    total = sum(told, Done())
    return pl.concat([pl.read_parquet(path) for path in sorted(request.out.glob("*.parquet"))]), total


def test_a_store_that_does_not_answer_ends_it_and_no_pair_is_without_a_score(
    request_for, embedded, tmp_path, monkeypatch
):
    monkeypatch.setattr("study.data.shards.tries.WAITS", (0.0,))
    write_tar(tmp_path / "shards" / "0.tar", members(list(pairs_of(embedded, 20))))
    with store.serving(tmp_path / "shards") as server:
        request = request_for("webdataset", shards=f"{server.address}/0.tar")
        assert open_source(request.source, request.results).index().pairs == 20
        server.behave = lambda number, words: 503 if words.startswith("GET") else 0
        with pytest.raises(UnansweredError, match="cannot be read"):
            scored(request)
        assert not list(request.out.rglob("*.parquet"))
        server.behave = lambda number, words: 0
        assert scored(request)[0]["s"].null_count() == 0


@pytest.fixture
def paths(tmp_path):
    """A table of the paths of 20 images, of which five are not there."""
    (tmp_path / "pool").mkdir()
    for row in range(5, 20):
        (tmp_path / "pool" / f"{row}.png").write_bytes(picture(row))
    images = [f"{row}.png" for row in range(20)]
    pl.DataFrame({"image": images, "caption": "a"}).write_csv(tmp_path / "pool" / "p.csv")
    return tmp_path / "pool" / "p.csv"


def test_images_that_are_there_again_are_scored_after_all(request_for, paths, tmp_path):
    request = request_for("table", path=str(paths))
    first, _ = scored(request)
    assert first["s_missing"].value_counts().drop_nulls().rows() == [(MISSING, 5)]
    written = next(request.out.glob("*.parquet")).stat().st_mtime_ns
    _, told = scored(request)
    assert (told.scored, told.missing, told.kept) == (5, 5, 15)
    assert next(request.out.glob("*.parquet")).stat().st_mtime_ns == written  # nothing has changed
    for row in range(4):
        (paths.parent / f"{row}.png").write_bytes(picture(row))
    found, told = scored(request)
    assert (told.scored, told.missing, told.kept) == (5, 1, 15)
    assert found["uid"].equals(first["uid"])
    assert found["s_missing"].drop_nulls().to_list() == [MISSING]
    assert found["s"].null_count() == 1
    before = first.filter(pl.col("s").is_not_null())
    assert found.join(before, on="uid", how="semi", maintain_order="left").equals(before)


def test_more_unreadable_images_than_may_be_end_with_an_error(paths, weights, tmp_path, capsys):
    command = ["data", "score", "table", "--set", f"path={paths}", "--model", MODEL, "--pretrained", str(weights)]
    command += ["--device", "cpu", "--results", str(tmp_path / "r"), "--out", str(tmp_path / "out"), "--column", "s"]
    assert main([*command, "--json"]) == 2
    out, told = capsys.readouterr()
    assert json.loads(out)["without_score"] == {MISSING: 5}
    assert "5 of 20 pairs could not be read (5 missing image file), more than the 10 % of max_skipped" in told
    assert main([*command, "--json", "--set", "max_skipped=0.25"]) == 0


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_pool_without_images_is_told_as_such(weights, tmp_path, capsys, more):
    (tmp_path / "meta").mkdir()
    ids = [f"{row:032x}" for row in range(9)]
    known = {"uid": ids, "text": "a", "clip_l14_similarity_score": 0.5, "original_width": 9, "original_height": 9}
    pl.DataFrame(known).write_parquet(tmp_path / "meta" / "0.parquet")
    command = ["data", "score", "datacomp", "--set", f"metadata={tmp_path / 'meta'}", "--results", str(tmp_path / "r")]
    given = ["--model", MODEL, "--pretrained", str(weights), "--out", str(tmp_path / "out")]
    assert main([*command, *given, *more]) == 2
    assert "the datacomp source has no images here: give shards" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_column_is_given_by_one_command_at_a_time(request_for, pairs, tmp_path, capsys):
    request = request_for("table", path=str(pairs))
    command = ["data", "score", "table", "--set", f"path={pairs}", "--model", MODEL, "--device", "cpu"]
    command += ["--pretrained", request.by.pretrained, "--results", str(tmp_path / "r"), "--out", str(request.out)]
    with lock(request.out / ".s.scores.lock"):
        assert main([*command, "--column", "s"]) == 75
        assert "column 's' is being scored by another process" in capsys.readouterr().err
        assert main([*command, "--column", "other"]) == 0
    assert main([*command, "--column", "s"]) == 0


def test_a_column_takes_the_place_of_no_other(request_for, pairs, tmp_path, capsys):
    request = request_for("table", path=str(pairs))
    command = ["data", "score", "table", "--set", f"path={pairs}", "--model", MODEL, "--device", "cpu"]
    command += ["--pretrained", request.by.pretrained, "--results", str(tmp_path / "r")]
    assert main([*command, "--column", "s"]) == 0
    scores = (tmp_path / "pairs.scores.parquet").read_bytes()
    told = "which its scores would hide; take another"
    taken = {"caption": f"another column 'caption', {told}", "s_model": f"another column 's_model', {told}"}
    capsys.readouterr()
    for column, message in {**taken, "uid": "--column uid: the name of what scores are found by"}.items():
        for more in ([], ["--dry-run"]):
            assert main([*command, "--column", column, *more]) == 2
            assert message in capsys.readouterr().err
    assert (tmp_path / "pairs.scores.parquet").read_bytes() == scores


class Ended(Exception):
    pass


def test_whatever_ends_it_ends_its_processes(request_for, pairs, monkeypatch):
    monkeypatch.setattr("study.scoring.start.EVERY", 0.01)
    monkeypatch.setattr("study.scoring.progress.EVERY", 0.0)
    request = request_for("table", path=str(pairs))
    lines = []

    def say(line):
        lines.append(line)
        if line.startswith("8 of 24 pairs"):
            raise Ended

    with lock(request.out / ".scores.lock"), pytest.raises(Ended):  # a process waits for this lock, else for good
        score_all(request.model_copy(update={"chunk": 8}), open_source(request.source, request.results), 1, say)
    assert lines[:2] == ["24 pairs are to have a score; models are loaded first", "0 of 24 pairs"]
    assert not list(request.out.glob("*.parquet"))


@pytest.mark.slow
def test_an_interrupt_at_the_keyboard_is_told_in_a_line(request_for, pairs, tmp_path):
    heard = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what runs in the background\n"
        "from study.cli import main\n"
        "sys.exit(main())"
    )
    request = request_for("table", path=str(pairs))
    command = [sys.executable, "-c", heard, "data", "score", "table", "--set", f"path={pairs}", "--model", MODEL]
    command += ["--pretrained", request.by.pretrained, "--out", str(request.out), "--column", "s", "--device", "cpu"]
    command += ["--results", str(tmp_path / "r"), "--processes", "2"]
    with (
        lock(request.out / ".scores.lock"),
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as child,
    ):
        while not list(request.out.glob(".*.parts/*.parquet")):  # until it waits for the lock
            assert child.poll() is None
            time.sleep(0.1)
        os.killpg(child.pid, signal.SIGINT)
        told = child.stderr.read()
    assert child.returncode == 130
    assert "Traceback" not in told
    assert told.splitlines()[-1] == "study: interrupted; run the same command again to go on"


def test_the_speed_is_that_of_this_run_since_models_were_loaded(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    lines = []
    progress = Progress(10_000, lines.append)
    now[0] += 60
    progress.add(Done(kept=4000))
    progress.tell()
    now[0] += 5
    progress.add(Done(scored=1000))
    progress.tell()
    now[0] += 5
    progress.add(Done(scored=1000, missing=2))
    progress.tell()
    assert lines == [
        "10,000 pairs are to have a score; models are loaded first",
        "4,000 of 10,000 pairs",
        "6,000 of 10,000 pairs, 200 a second, 0:20 left, 2 without a score",
    ]
