"""Scores by trained runs: only of pairs that they did not train on, the same after a kill and by several processes."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import torch
import torch.nn.functional as F

from study.cli import main
from study.data.place import open_source
from study.data.subset import ensure
from study.errors import DataError
from study.records import PluginRef
from study.scoring.request import OpenClipRef, Request, RunsRef
from study.scoring.share import Share
from study.scoring.start import score as score_all
from study.scoring.work import score_share
from study.train.device import place
from study.train.run import Switches, train_run
from tests.conftest import BATCH

SMALL, LARGE = 64, 128  # pairs that the two runs train on: the smaller subset is in the larger
COLUMN = "similarity"


@pytest.fixture
def runs(planned_run):
    paths = [planned_run(pairs=pairs, samples_seen=2 * BATCH) for pairs in (SMALL, LARGE)]
    for path in paths:
        train_run(path, path.parents[2], Switches(lambda: place("cpu", 1), lambda line: None, None, 1e9))
    return [path.parent for path in paths]


@pytest.fixture
def subsets(runs, embedded):
    results = runs[0].parents[1]
    return [set(ensure(results, embedded, 1.0, pairs).uids()) for pairs in (SMALL, LARGE)]


@pytest.fixture
def table(tmp_path, embedded, subsets):
    """160 pairs of the embedded data as a table: those of the larger subset and others, one without an image."""
    others = [uid for uid in embedded.pool()["uid"] if uid not in subsets[1]][: 160 - LARGE]
    wanted = sorted(subsets[1] | set(others))
    samples = embedded.samples(wanted)
    images = [samples.read(row) for row in range(len(wanted))]
    images[wanted.index(others[0])] = b"no image"
    path = tmp_path / "pairs.parquet"
    pl.DataFrame({"uid": wanted, "image": images, "caption": samples.captions}).write_parquet(path)
    return path, others[0]


@pytest.fixture
def request_for(table, runs, tmp_path):
    def make(out, by=runs, **given):
        source = PluginRef(name="table", options={"path": str(table[0]), "uid_column": "uid"})
        by = RunsRef(runs=tuple(by), **given)
        return Request(
            source=source, results=tmp_path / "r", by=by, column=COLUMN, out=out, device="cpu", threads=1, chunk=32
        )

    return make


def scored(request):
    told = []
    score_share(request, Share(), told.append)
    return pl.read_parquet(request.out / "pairs.parquet"), told


def test_a_pair_is_scored_by_the_runs_that_did_not_train_on_it(request_for, runs, subsets, table, tmp_path):
    both, _ = scored(request_for(tmp_path / "both"))
    first, second = (scored(request_for(tmp_path / run.name, [run]))[0] for run in runs)
    for name, rows, seen in (("first", first, subsets[0]), ("second", second, subsets[1])):
        why = dict(zip(rows["uid"], rows[f"{COLUMN}_missing"], strict=True))
        assert {uid for uid, reason in why.items() if reason == "seen in training"} == seen, name
    mean = first.select((pl.col(COLUMN) + second[COLUMN]) / 2)[COLUMN]  # null where either is
    expected = mean.fill_null(first[COLUMN]).to_numpy()
    assert both[COLUMN].to_numpy() == pytest.approx(expected, abs=1e-6, nan_ok=True)
    assert both[COLUMN].is_not_null().sum() == 160 - SMALL - 1
    assert both.filter(pl.col("uid") == table[1])[f"{COLUMN}_missing"].item() == "unreadable image"


def test_scores_are_cosines_of_the_runs_embeddings(request_for, runs, table, tmp_path, embedded):
    from study.config.spec import read_spec
    from study.data.views import normalise
    from study.train.setup import load_trained

    found, _ = scored(request_for(tmp_path / "all", runs[:1], seen_too=True))
    found = found.filter(pl.col("uid") != table[1]).head(40)
    arch, model, _ = load_trained(runs[0], read_spec(runs[0] / "spec.json"), torch.device("cpu"))
    from study.models import tokenizer

    samples = embedded.samples(found["uid"].to_list())
    with torch.no_grad():
        images = model.image(normalise(torch.from_numpy(np.array(samples.images(32))).permute(0, 3, 1, 2))).projected
        texts = model.text(tokenizer(arch)(samples.captions)).projected
    assert found[COLUMN].to_list() == pytest.approx(F.cosine_similarity(images, texts).tolist(), abs=1e-5)


@pytest.mark.parametrize(("strategy", "options"), [("clip", {}), ("clip_lite", {"units": 16})])
def test_an_exported_run_scores_as_the_run_does(request_for, planned_run, tmp_path, strategy, options):
    path = planned_run(pairs=SMALL, samples_seen=2 * BATCH, strategy=strategy, options=options)
    train_run(path, path.parents[2], Switches(lambda: place("cpu", 1), lambda line: None, None, 1e9))
    found, _ = scored(request_for(tmp_path / "run", [path.parent], seen_too=True))
    assert main(["export", str(path.parent), "--to", str(tmp_path / "model")]) == 0
    by = OpenClipRef(model=f"local-dir:{tmp_path / 'model'}", pretrained="")
    request = request_for(tmp_path / "folder", [path.parent]).model_copy(update={"by": by})
    score_all(request, open_source(request.source, request.results), 1, lambda line: None)  # where nothing is imported
    again = pl.read_parquet(request.out / "pairs.parquet")
    assert again[COLUMN].to_list() == pytest.approx(found[COLUMN].to_list(), abs=1e-3)


def test_a_killed_scoring_goes_on_and_processes_change_nothing(request_for, runs, tmp_path):
    straight, _ = scored(request_for(tmp_path / "straight"))
    request = request_for(tmp_path / "killed")
    command = [sys.executable, "-m", "study.scoring.worker", "0", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        child.stdin.write(request.model_dump_json())
        child.stdin.close()
        next(line for line in child.stdout if '"scored":32' in line)
        child.kill()
    assert not (request.out / "pairs.parquet").exists()
    progress = score_all(request, open_source(request.source, request.results), 2, lambda line: None)
    assert progress.done.kept >= 32
    assert progress.done.kept + progress.done.scored == 160
    assert pl.read_parquet(request.out / "pairs.parquet").equals(straight)
    assert {path.name for path in request.out.iterdir()} == {  # no part is left behind
        "pairs.parquet",
        ".scores.lock",
        f".{COLUMN}.scores.lock",
    }


def test_scores_given_back_are_the_pools(request_for, runs, table):
    request = request_for(None, runs[:1], seen_too=True)
    score_share(request, Share(), lambda done: None)
    options = {"path": str(table[0]), "uid_column": "uid", "score_column": COLUMN}
    pool = open_source(PluginRef(name="table", options=options)).pool()
    written = pl.read_parquet(table[0].with_suffix(".scores.parquet"))
    assert pool.sort("uid").equals(written.select("uid", score=COLUMN).sort("uid"))
    assert pool["score"].null_count() == 1


def test_what_is_done_is_not_done_again(request_for, tmp_path):
    request = request_for(tmp_path / "out")
    scored(request)
    written = (request.out / "pairs.parquet").stat().st_mtime_ns
    _, told = scored(request)
    assert (sum(done.kept for done in told), sum(done.scored for done in told)) == (160, 0)
    assert (request.out / "pairs.parquet").stat().st_mtime_ns == written


def test_scores_of_other_pairs_do_not_pass_for_these(request_for, runs, tmp_path):
    scored(request_for(tmp_path / "out", runs[:1]))
    with pytest.raises(DataError, match=r"other ways \(pairs that were not trained on; now it is .*, too\)"):
        scored(request_for(tmp_path / "out", runs[:1], seen_too=True))


def test_an_untrained_run_is_named(capsys, planned_run):
    path = planned_run(pairs=32)
    results = ["--results", str(path.parents[2]), "--device", "cpu", "--out", str(path.parent / "out")]
    assert main(["data", "score", "embedded", "--run", path.parent.name, *results]) == 2
    assert "has no trained weights; train it first: study train r" in capsys.readouterr().err
