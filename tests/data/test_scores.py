"""The embedded pairs' scores: every training pair has one, earned by models that the script checks."""

import polars as pl
import pytest

from study import io
from study.data.embedded import FOLDS, parquet_path
from study.errors import PlanError, StorageError
from study.records import DataRef, Outcome, PluginRef, RunSpec, Status, run_id
from study.scoring.worth import found_noise, noise_in_best


@pytest.fixture(scope="module")
def script(load_file):
    return load_file("scripts/score_embedded.py")


@pytest.fixture
def study(tmp_path, fold_source):
    """A function that writes runs of the given folds as they lie on disk after training."""

    def write(folds, status=Status.COMPLETED, fingerprint=None):
        ids = []
        for fold in folds:
            data = DataRef(
                source=PluginRef(name="embedded", options={"fold": fold}),
                unique_pairs=10,
                fingerprint=fingerprint or fold_source(fold).fingerprint(),
            )
            spec = RunSpec(
                data=data, arch=PluginRef(name="vit_pico"), strategy=PluginRef(name="clip"), samples_seen=256
            )
            ids.append(run_id(spec))
            outcome = Outcome(run_id=ids[-1], status=status, samples_seen=256, steps=1, finished="", resolved={})
            io.write_json(
                tmp_path / "runs" / ids[-1] / "spec.json", spec.model_dump(mode="json", exclude_defaults=True)
            )
            io.write_json(tmp_path / "runs" / ids[-1] / "outcome.json", outcome.model_dump(mode="json"))
        io.write_parquet(tmp_path / "scores" / "plan.parquet", pl.DataFrame({"run_id": ids}))
        return tmp_path

    return write


@pytest.fixture
def fold_source():
    from study.data import SOURCES

    kind = SOURCES.load("embedded")
    return lambda fold: kind(kind.Config(fold=fold))


def test_four_completed_runs_are_found_by_their_folds(script, study):
    assert sorted(script.finished_runs(study(range(FOLDS)), "scores")) == [0, 1, 2, 3]


def test_a_missing_run_is_refused(script, study, tmp_path):
    with pytest.raises(StorageError, match="study plan"):
        script.finished_runs(tmp_path, "scores")
    with pytest.raises(PlanError, match="leaves out fold 1, 3"):
        script.finished_runs(study([0, 2]), "scores")


def test_a_failed_run_is_refused(script, study):
    with pytest.raises(PlanError, match="leaves out fold 0, 1, 2, 3"):
        script.finished_runs(study(range(FOLDS), status=Status.DIVERGED), "scores")


def test_a_run_on_other_pairs_is_refused(script, study):
    with pytest.raises(PlanError, match="trained on other pairs"):
        script.finished_runs(study([0], fingerprint="0" * 12), "scores")


def test_auc_by_hand():
    kinds = ["none", "none", "filename", "filename", "unrelated"]
    pairs = pl.DataFrame({"noise": kinds, "score": [0.9, 0.5, 0.7, 0.1, 0.5]})
    assert found_noise(pairs) == {"all noise": 0.75, "filename": 0.75, "unrelated": 0.75}


def test_every_training_pair_has_a_score_and_no_other():
    pairs = pl.read_parquet(parquet_path(), columns=["split", "score"])
    trained = pl.col("split") == "train"
    assert pairs.filter(trained, pl.col("score").is_between(-1, 1)).height == pairs.filter(trained).height
    assert pairs.filter(~trained, pl.col("score").is_not_null()).is_empty()


def test_the_scores_find_noise_that_they_were_never_told_of():
    pairs = pl.read_parquet(parquet_path(), columns=["uid", "split", "noise", "score"]).filter(
        pl.col("split") == "train"
    )
    assert found_noise(pairs) == io.read_json(parquet_path().with_name("scores.json"))["auc"]
    assert min(found_noise(pairs).values()) > 0.55
    assert noise_in_best(pairs)["0.5"] < 0.22
