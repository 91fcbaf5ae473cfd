import subprocess
import sys
from pathlib import Path

import pytest

from study import io
from study.cli import main
from study.cli.options import run_folder
from study.errors import BusyError, StorageError, UnknownNameError
from study.evaluate.asked import Evaluation, SetRef, read_evaluation
from study.evaluate.done import SetScores, merged, missing, read_scores, write_scores
from study.evaluate.run import run_evaluation
from study.records import Outcome, Score, Scores, Status

OUTCOME = Outcome(
    run_id="r0123456789ab", status=Status.COMPLETED, samples_seen=1, steps=1, finished="2026-01-01", resolved={}
)
EVALUATION = Evaluation(
    evaluation_id="e1a2b3", sets=("embedded/test", SetRef(name="imagenet1k", root="/data", metrics=("zeroshot",)))
)


def new(dataset, *metrics, value=0.5, error=None):
    scores = tuple(Score(dataset=dataset, metric=name, value=value, n=3) for name in metrics)
    return SetScores(dataset=dataset, metrics=metrics, scores=scores, error=error, settings={"device": "cpu"})


def empty():
    return Scores(run_id=OUTCOME.run_id, outcome_finished=OUTCOME.finished, scores=[])


def not_loaded():
    raise AssertionError("the model is not needed")


def run_with(tmp_path, outcome, scores=None):
    io.write_json(tmp_path / "outcome.json", outcome.model_dump(mode="json"))
    if scores is not None:
        write_scores(tmp_path, scores)
    return tmp_path


def test_evaluation_file(tmp_path):
    path = tmp_path / "evaluation.json"
    sets = ["embedded/test", {"name": "imagenet1k", "root": "/data/in1k", "metrics": ["linear_probe"]}]
    io.write_json(path, {"evaluation_id": "e1a2b3", "sets": sets, "metrics": ["zeroshot"]})
    own, external = read_evaluation(path).asked()
    assert (own.name, own.root, own.metrics) == ("embedded/test", None, ("zeroshot",))
    assert (external.root, external.metrics) == ("/data/in1k", ("linear_probe",))
    assert (own.all_defined, external.all_defined) == (False, True)


def test_misspelt_metric_gives_the_nearest(tmp_path):
    path = tmp_path / "evaluation.json"
    io.write_json(path, {"evaluation_id": "e", "sets": ["embedded/test"], "metrics": ["retreival"]})
    with pytest.raises(UnknownNameError, match="did you mean retrieval"):
        read_evaluation(path)


def test_damaged_evaluation_file(tmp_path):
    path = tmp_path / "evaluation.json"
    io.write_json(path, {"sets": []})
    with pytest.raises(StorageError, match="plan the study again"):
        read_evaluation(path)


def test_only_what_is_missing():
    asked = EVALUATION.asked()
    assert missing(empty(), asked) == asked
    scores = merged(empty(), new("embedded/test", "zeroshot"))
    left = missing(scores, asked)
    assert [(item.name, item.metrics) for item in left] == [
        ("embedded/test", ("retrieval",)),
        ("imagenet1k", ("zeroshot",)),
    ]
    assert left[1].root == "/data"


def test_failed_sets_are_tried_again_and_then_forget_their_error():
    scores = merged(empty(), new("imagenet1k", error="no folder"))
    assert scores.errors == {"imagenet1k": "no folder"}
    assert "imagenet1k" in [item.name for item in missing(scores, EVALUATION.asked())]
    mended = merged(scores, new("imagenet1k", "zeroshot"))
    assert mended.errors == {}
    assert mended.settings["imagenet1k"] == {"device": "cpu", "metrics": ["zeroshot"], "metrics_timed": ["zeroshot"]}


def test_what_a_set_took_is_of_the_last_metrics_alone():
    scores = merged(merged(empty(), new("a", "zeroshot", "retrieval")), new("a", "linear_probe"))
    assert scores.settings["a"]["metrics"] == ["linear_probe", "retrieval", "zeroshot"]
    assert scores.settings["a"]["metrics_timed"] == ["linear_probe"]


def test_new_values_replace_old_ones():
    scores = merged(merged(empty(), new("a", "zeroshot", "retrieval")), new("a", "retrieval", value=0.7))
    assert [(score.metric, score.value) for score in scores.scores] == [("retrieval", 0.7), ("zeroshot", 0.5)]


def test_scores_of_an_earlier_outcome_are_dropped(tmp_path):
    run = run_with(tmp_path, OUTCOME, merged(empty(), new("a", "zeroshot")))
    assert len(read_scores(run, OUTCOME).scores) == 1
    later = OUTCOME.model_copy(update={"finished": "2026-01-02"})
    assert read_scores(run, later).scores == []


def test_run_with_all_scores_is_marked_without_its_model(tmp_path):
    scores = merged(empty(), new("embedded/test", "retrieval", "zeroshot"))
    run = run_with(tmp_path, OUTCOME, merged(scores, new("imagenet1k", "zeroshot")))
    lines = []
    run_evaluation(run, EVALUATION, not_loaded, lines.append)
    done = io.read_json(run / "evaluations" / "e1a2b3.json")
    assert done["scored"] == ["embedded/test", "imagenet1k"]
    assert lines == ["already evaluated"]


def test_run_that_diverged_has_nothing_to_evaluate(tmp_path):
    run = run_with(tmp_path, OUTCOME.model_copy(update={"status": Status.DIVERGED, "reason": "NaN"}))
    lines = []
    scores = run_evaluation(run, EVALUATION, not_loaded, lines.append)
    done = io.read_json(run / "evaluations" / "e1a2b3.json")
    assert (done["status"], done["scored"], done["errors"]) == ("diverged", [], {})
    assert scores.scores == []
    assert not (run / "scores.json").exists()
    assert lines == ["diverged: there is no model to evaluate"]


def test_run_that_was_not_trained(tmp_path):
    with pytest.raises(StorageError, match=r"no outcome.json; train the run first: study train"):
        run_evaluation(tmp_path, EVALUATION, not_loaded, print)


def test_run_in_use(tmp_path):
    with io.lock(tmp_path / ".lock"), pytest.raises(BusyError):
        run_evaluation(tmp_path, EVALUATION, not_loaded, print)


def test_nothing_to_do_loads_no_torch(tmp_path):
    run = tmp_path / "results" / "runs" / OUTCOME.run_id
    scores = merged(empty(), new("embedded/test", "retrieval", "zeroshot"))
    run_with(run, OUTCOME, merged(scores, new("imagenet1k", "zeroshot")))
    io.write_json(run / "spec.json", {})
    io.write_json(tmp_path / "evaluation.json", EVALUATION.model_dump(mode="json"))
    arguments = ["evaluate", str(run), "--evaluation", str(tmp_path / "evaluation.json")]
    script = (
        f"import sys; from study.cli import main; code = main({arguments}); "
        "print(sorted(set(sys.modules) & {'torch', 'open_clip', 'clip_benchmark', 'polars'}), code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 0"
    assert (run / "evaluations" / "e1a2b3.json").exists()


def test_damaged_spec_is_told(tmp_path, capsys):
    io.write_json(tmp_path / "runs" / OUTCOME.run_id / "spec.json", {"seed": -1})
    assert main(["evaluate", OUTCOME.run_id, "--results", str(tmp_path)]) == 2
    assert "spec.json is not a run's spec" in capsys.readouterr().err


@pytest.mark.parametrize(("here", "given"), [("", "spec.json"), ("", "."), ("..", OUTCOME.run_id)])
def test_run_named_from_within_the_results(tmp_path, monkeypatch, here, given):
    run = tmp_path / "results" / "runs" / OUTCOME.run_id
    io.write_json(run / "spec.json", {})
    monkeypatch.chdir(run / here)
    assert run_folder(given, Path("results")) == run.resolve()
