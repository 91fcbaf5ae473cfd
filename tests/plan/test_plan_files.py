"""What a plan leaves on disk: specs written once, predictions that change nothing, no torch when nothing changed."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from study import io
from study.cli import main
from study.plan.jobs import sets_of
from study.plan.table import StudyTable, run_ids
from study.predict.measured import everything_measured
from study.predict.overheads import BYTES_A_PARAMETER, CHECKPOINT_BYTES_A_SECOND
from study.records import PLAN_COLUMNS, RunSpec, Scores, run_id, schema

TWO = "{samples_seen: [200, 400]}"


def specs(folder):
    paths = sorted((folder / "results" / "runs").glob("*/spec.json"))
    return {path.parent.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def plan(path, *switches):
    return main(["plan", str(path), "--quiet", *switches])


def test_a_plan_on_disk(planned, folder):
    made = planned("{samples_seen: [200, 400], size: 0.5}")
    table = StudyTable(folder / "results", "small")
    assert table.rows.schema == schema(PLAN_COLUMNS)
    assert table.run_ids == [row["run_id"] for row in made.rows] == run_ids(folder / "results", "small")
    assert table.rows["samples_seen"].to_list() == [200, 400]
    assert set(table.rows["unique_pairs"]) == {500}
    for name, (text, _) in specs(folder).items():
        assert run_id(RunSpec.model_validate_json(text)) == name
    assert {name: table.resource(table.run_ids[0], name) for name in ("gpus", "threads")} == {"gpus": 0, "threads": 1}
    assert table.resource(table.run_ids[0], "mem_mb") > 1000
    assert table.facts["estimate"] is False
    assert table.evaluation_id.startswith("e")


def test_a_run_that_only_has_to_be_scored_asks_for_that_share_of_its_minutes(planned, folder):
    planned("{samples_seen: [200, 400]}")
    table = StudyTable(folder / "results", "small")
    predicted = {"runtime_minutes": 130, "predicted_gpu_hours": 4.0, "predicted_evaluation_hours": 1.0}
    told = [predicted, predicted | {"predicted_evaluation_hours": None}]
    found = table.rows.with_columns(
        pl.Series(name, [one[name] for one in told], dtype=table.rows.schema[name]) for name in predicted
    )
    vars(table)["rows"] = found
    asked = [table.resource(run_id, "evaluation_minutes") for run_id in table.run_ids]
    assert asked == [40, 130]  # ten minutes of each are a margin


def test_new_evidence_changes_predictions_and_no_spec(write_grid, folder, outcome):
    path = write_grid(TWO)
    assert plan(path) == 0
    before, rows = specs(folder), StudyTable(folder / "results", "small").rows.to_dicts()
    outcome(rows[0]["run_id"], samples_per_second=10.0)
    assert plan(path) == 0
    after = StudyTable(folder / "results", "small").rows.to_dicts()
    assert specs(folder) == before
    assert after[0] == rows[0], "what was predicted before a run stays beside what it took"
    words = "1 run of this configuration on cpu; start-up measured and checkpoints assumed"
    assert after[1]["prediction_evidence"] == words
    checkpoint = rows[1]["params_m"] * 1e6 * BYTES_A_PARAMETER / CHECKPOINT_BYTES_A_SECOND
    assert abs(after[1]["predicted_gpu_hours"] * 3600 - (400 / 10 + 36 + checkpoint)) < 1e-6


def test_a_plan_made_anew_keeps_what_was_predicted(write_grid, folder, outcome):
    path = write_grid(TWO)
    assert plan(path) == 0
    rows = StudyTable(folder / "results", "small").rows.to_dicts()
    outcome(rows[0]["run_id"], samples_per_second=10.0)
    before = specs(folder)
    write_grid("{samples_seen: [200, 400, 800]}")
    assert plan(path) == 0
    after = StudyTable(folder / "results", "small").rows.to_dicts()
    assert after[0] == rows[0]
    assert {name: spec for name, spec in specs(folder).items() if name in before} == before
    assert len(after) == 3


def test_an_unchanged_plan_does_nothing_and_loads_no_torch(write_grid, folder):
    path = write_grid(TWO)
    assert plan(path) == 0
    files = {file: file.stat().st_mtime_ns for file in (folder / "results").rglob("*") if file.is_file()}
    script = (
        f"import sys; from study.cli import main; code = main(['plan', {str(path)!r}]); "
        "print(sorted(set(sys.modules) & {'torch', 'open_clip', 'timm', 'fvcore'}), code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["small: 2 runs planned, unchanged", "[] 0"]
    assert {file: file.stat().st_mtime_ns for file in files} == files


def test_a_plan_is_made_anew_when_its_data_or_its_files_change(write_grid, folder, capsys):
    path = write_grid(TWO)
    assert plan(path) == 0
    assert capsys.readouterr().out == "small: 2 runs planned, 2 new\n"
    (folder / "results" / "runs" / run_ids(Path("results"), "small")[0] / "spec.json").unlink()
    assert plan(path) == 0
    assert capsys.readouterr().out == "small: 2 runs planned, 1 new\n"
    with (folder / "pairs.csv").open("a") as file:
        file.write("new.png,a new pair,0.5\n")
    assert plan(path) == 0
    assert capsys.readouterr().out == "small: 2 runs planned, 2 new\n"


def test_a_damaged_spec_is_written_again(write_grid, folder, capsys):
    path = write_grid(TWO)
    assert plan(path) == 0
    before = specs(folder)
    name = next(iter(before))
    (folder / "results" / "runs" / name / "spec.json").write_text("{")
    write_grid(TWO + " # changed")
    assert plan(path) == 0
    assert specs(folder)[name][0] == before[name][0]


def test_a_dry_run_and_a_bad_grid_write_nothing(write_grid, folder, capsys):
    before = sorted(folder.rglob("*"))
    path = write_grid(TWO)
    assert plan(path, "--dry-run") == 0
    assert capsys.readouterr().out == "small: 2 runs planned, nothing written\n"
    path.unlink()
    path = write_grid("{train_flops: 1e12, size: 2000}")
    assert plan(path) == 2
    assert capsys.readouterr().err == (
        "study: small.yaml:2:33: grid.size: 2000 pairs are asked for, but quality 1 keeps 1000 of 1000; "
        "ask for fewer pairs or a larger share\n"
    )
    path.unlink()
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["claims", "compare", "runs"])
def test_a_grid_of_the_name_of_another_folder_is_refused(write_grid, folder, capsys, name):
    assert main(["plan", str(write_grid(TWO, name=name))]) == 2
    assert f"study: {name}.yaml: a study takes the name of its grid file, and none may be " in capsys.readouterr().err
    assert not (folder / "results").exists()


def test_json_is_for_programs(write_grid, capsys):
    assert main(["plan", str(write_grid(TWO)), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["samples_seen"] for row in told["rows"]] == [200, 400]
    assert told["totals"]["runs"] == told["totals"]["left"] == 2
    assert told["totals"]["train_flops"] == sum(row["train_flops"] for row in told["rows"])


def test_another_study_shares_its_runs(planned, folder, outcome, capsys):
    first = planned(TWO)
    outcome(first.rows[0]["run_id"], 10.0)
    outcome(first.rows[1]["run_id"], status="diverged")
    planned("{samples_seen: [200, 400, 800]}", name="larger")
    assert main(["plan", "larger.yaml"]) == 0
    assert "3 runs: 1 to do, 1 done, 1 failed, 2 shared with other studies" in capsys.readouterr().out
    assert len(specs(folder)) == 3


def test_data_that_is_only_declared_gives_an_estimate(write_grid, folder, capsys):
    head = "common: {source: {name: table, pairs: 3.4B}, arch: vit_pico, strategy: clip}\n"
    path = write_grid("{quality: [0.2, 1.0], size: [10M, 1.0], samples_seen: 1B}", head)
    assert main(["plan", str(path), "--gpu", "H100"]) == 0
    assert "ESTIMATE" in capsys.readouterr().out
    rows = pl.read_parquet(folder / "results" / "small" / "plan.parquet")
    assert rows["unique_pairs"].to_list() == [10_000_000, 680_000_000, 10_000_000, 3_400_000_000]
    assert rows["run_id"].null_count() == 4
    assert not (folder / "results" / "runs").exists()
    assert plan(path, "--runnable", "--gpu", "h100") == 2
    assert "a source only declares its number of pairs" in capsys.readouterr().err


def test_retry_forgets_failed_outcomes(planned, folder, outcome, capsys):
    first, second = planned(TWO).rows
    good, bad = outcome(first["run_id"], 10.0), outcome(second["run_id"], status="diverged")
    assert main(["retry", "small.yaml", "--dry-run"]) == 0
    assert bad.exists()
    assert main(["retry", "small.yaml", "--status", "out_of_memory"]) == 0
    assert bad.exists()
    capsys.readouterr()
    assert main(["retry", "small.yaml"]) == 0
    assert capsys.readouterr().out == (
        f"{second['run_id']}  diverged: the loss is nan\n1 forgotten; the next snakemake runs them again\n"
    )
    assert good.exists()
    assert not bad.exists()
    assert main(["retry", "absent"]) == 2


def test_retry_forgets_evaluations_with_errors(planned, folder, outcome, capsys):
    whole, broken = (row["run_id"] for row in planned(TWO).rows)
    for name, errors in ((whole, {}), (broken, {"imagenet1k": "no folder"})):
        run = outcome(name, 10.0).parent
        scores = Scores(run_id=name, outcome_finished="2025-01-01T00:00:00+00:00", scores=[], errors=errors)
        io.write_json(run / "scores.json", scores.model_dump(mode="json"))
        io.write_json(run / "evaluations" / "e1.json", {})
    runs = folder / "results" / "runs"
    assert main(["retry", "small.yaml", "--status", "diverged"]) == 0
    assert main(["retry", "small.yaml", "--dry-run"]) == 0
    assert (runs / broken / "evaluations/e1.json").exists()
    capsys.readouterr()
    assert main(["retry", "small.yaml"]) == 0
    assert capsys.readouterr().out == (
        f"{broken}  not evaluated: imagenet1k: no folder\n1 forgotten; the next snakemake runs them again\n"
    )
    assert not (runs / broken / "evaluations/e1.json").exists()
    assert all((runs / broken / name).exists() for name in ("scores.json", "outcome.json"))
    assert (runs / whole / "evaluations/e1.json").exists()


def test_other_studies_plans_that_cannot_be_read_are_left_out(write_grid, planned, folder, outcome):
    outcome(planned(TWO).rows[0]["run_id"], samples_per_second=10.0)
    other = folder / "results" / "older" / "plan.parquet"
    io.write_parquet(other, pl.DataFrame({"run_id": ["r0"]}))
    io.write_text(folder / "results" / "damaged" / "plan.parquet", "cut sh")
    assert [run.speed > 0 for run in everything_measured(folder / "results")] == [True]
    assert plan(write_grid(TWO, name="another")) == 0


def test_any_study_may_be_scored_on_the_embedded_sets(planned):
    head = "evaluation: embedded/unseen\n"
    head += "common: {source: {name: table, path: pairs.csv}, arch: vit_pico, strategy: clip, global_batch_size: 100}\n"
    made = planned("[{name: a, samples_seen: 1000}]", head=head)
    assert [found["name"] for found in made.evaluation["sets"]] == ["embedded/unseen"]


def test_a_plan_knows_by_what_it_is_scored_and_whether_that_trains(planned):
    head = "evaluation: [{name: embedded/unseen, metrics: linear_probe}, embedded/test]\n"
    head += "common: {source: {name: table, path: pairs.csv}, arch: vit_pico, strategy: clip, global_batch_size: 100}\n"
    probed, plain = sets_of(planned("[{name: a, samples_seen: 1000}]", head=head).evaluation)
    assert (probed.metrics, probed.trains) == (("linear_probe",), True)
    assert (plain.metrics, plain.trains) == (("zeroshot", "retrieval"), False)


def test_measured_seconds_are_of_the_metrics_that_took_them(planned, folder, outcome):
    ended = outcome(planned(TWO).rows[0]["run_id"], samples_per_second=10.0)
    scores = Scores(run_id=ended.parent.name, outcome_finished=io.read_json(ended)["finished"], scores=[])
    timed = {"seconds": 7.0, "metrics": ["linear_probe", "zeroshot"], "metrics_timed": ["linear_probe"]}
    told = scores.model_copy(update={"settings": {"a": timed, "b": {"seconds": 3.0, "metrics": ["zeroshot"]}}})
    io.write_json(ended.with_name("scores.json"), told.model_dump(mode="json"))
    (found,) = everything_measured(folder / "results")
    assert found.evaluation_seconds == {"a by linear_probe": 7.0, "b by zeroshot": 3.0}
