"""``study train`` and the ledger of its study: attempts that fail and complete, runs that may not start."""

import subprocess
import sys

import polars as pl
import pytest

from study import io
from study.cli import main
from study.records import PLAN_COLUMNS, Outcome, schema


@pytest.fixture
def run(planned_run, tmp_path, monkeypatch):
    """A tiny run's folder, in a study that is planned and asks for one evaluation set."""
    monkeypatch.chdir(tmp_path)
    return planned_run().parent


@pytest.fixture
def plan(run):
    def write(limit=None, ids=(), threads=1, **spent):
        folder = run.parents[1] / "small"
        rows = [
            {"run_id": run_id, "arch": "vit_pico", "strategy_label": "clip", "samples_seen": 384, "gpus": 0,
             "threads": threads, "predicted_gpu_hours": 0.01, "predicted_kwh": 0.001 * threads,
             "predicted_start_up_hours": 0.001, "predicted_evaluation_hours": 0.002}
            for run_id in (run.name, *ids)
        ]  # fmt: skip
        io.write_parquet(folder / "plan.parquet", pl.DataFrame(rows, schema=schema(PLAN_COLUMNS)))
        io.write_json(folder / "plan.json", {"limit": limit, "run_ids": [row["run_id"] for row in rows]})
        io.write_json(folder / "evaluation.json", {"evaluation_id": "e1", "sets": ["embedded/unseen"]})
        if spent:
            io.write_json(folder / "ledger.json", {"runs": {"r0": {"spent": spent}}})
        return folder / "ledger.json"

    return write


def train(run, *more):
    return main(["train", run.name, "--study", "small", "--device", "cpu", "--threads", "1", *more])


def test_attempts_are_paid_and_a_run_that_has_ended_is_not(plan, run, capsys):
    ledger = plan(limit={"gpu_hours": 1.0})
    assert train(run, "--micro-batch-size", "7") == 2
    (failed,) = io.read_json(ledger)["runs"].values()
    assert (failed["processes"], failed["reserved"]) == (1, None)
    assert failed["spent"]["gpu_hours"] > 0
    assert train(run, "--micro-batch-size", "32") == 0
    (both,) = io.read_json(ledger)["runs"].values()
    outcome = Outcome.model_validate(io.read_json(run / "outcome.json"))
    assert both["processes"] == 2
    assert both["spent"]["gpu_hours"] > failed["spent"]["gpu_hours"] + outcome.cost.gpu_hours
    assert both["spent"]["kwh"] == pytest.approx(0.1 * both["spent"]["gpu_hours"])
    before = ledger.read_bytes()
    assert train(run) == 0
    assert "already completed, nothing to train" in capsys.readouterr().out
    assert ledger.read_bytes() == before


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_run_over_the_cap_does_not_start_and_loads_no_torch(plan, run, tmp_path, processes):
    ledger = plan(limit={"gpu_hours": 5.0}, gpu_hours=4.995, device_hours=4.995)
    arguments = ["train", run.name, "--study", "small", "--log", "train.log", "--threads", "1"]
    arguments += ["--processes", processes]
    script = (
        f"import sys; from study.cli import main; code = main({arguments!r}); "
        "print(sorted(set(sys.modules) & {'torch', 'open_clip', 'timm'}), code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 2"
    took = {"1": "0.01", "2": "0.013"}[processes]  # steps are shared, start-up and scoring are not
    why = (
        f"it would take {took} GPU-hours on top of 4.995 GPU-hours spent and 0 GPU-hours reserved, over the limit of 5"
    )
    assert f"study: {run.name} of study small is not started: {why}" in done.stderr
    assert why in (tmp_path / "train.log").read_text()
    assert why in io.read_json(ledger)["refused"][run.name]
    assert {path.name for path in run.iterdir()} == {"spec.json"}


def test_a_damaged_ledger_stops_a_run_before_it_starts(plan, run, capsys):
    ledger = plan()
    io.write_text(ledger, "{")
    assert train(run) == 2
    assert "ledger.json is no ledger" in capsys.readouterr().err
    assert not (run / "attempts.json").exists()
    assert "ledger.json is no ledger" in io.read_json(run / "failure.json")["reason"]


def test_the_threads_that_are_taken_are_paid_not_those_of_the_plan(plan, run):
    ledger = plan(threads=16)
    assert train(run) == 0
    spent = next(iter(io.read_json(ledger)["runs"].values()))["spent"]
    assert spent["device_hours"] == spent["gpu_hours"]
    assert spent["kwh"] == pytest.approx(0.1 * spent["gpu_hours"])


def test_a_run_whose_weights_are_damaged_is_not_trained_again_over_the_cap(plan, run, capsys):
    ledger = plan(limit={"gpu_hours": 100.0})
    assert train(run) == 0
    plan(limit={"gpu_hours": 100.0}, gpu_hours=100.0)
    (run / "outcome.json").unlink()
    (run / "checkpoints/final.pt").write_bytes(b"damaged")
    assert train(run) == 2
    assert f"{run.name} of study small is not trained: it would take 0.01 GPU-hours on top of 100" in (
        capsys.readouterr().err
    )
    assert not (run / "outcome.json").exists()
    assert run.name in io.read_json(ledger)["refused"]


def test_a_run_whose_weights_are_whole_is_restored_over_the_cap(plan, run):
    plan(limit={"gpu_hours": 100.0})
    assert train(run) == 0
    plan(limit={"gpu_hours": 100.0}, gpu_hours=100.0)
    (run / "outcome.json").unlink()
    assert train(run) == 0
    assert (run / "outcome.json").exists()


def test_scoring_in_a_process_of_its_own_is_paid_and_held_to_the_cap(plan, run):
    plan()
    assert main(["train", run.name, "--device", "cpu", "--threads", "1"]) == 0
    ledger = plan(limit={"gpu_hours": 100.0}, gpu_hours=99.999)
    command = ["evaluate", run.name, "--study", "small", "--device", "cpu", "--threads", "1"]
    script = (
        f"import sys; from study.cli import main; code = main({command!r}); "
        "print(sorted(set(sys.modules) & {'torch', 'open_clip', 'timm'}), code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 2"
    assert "is not started: it would take 0.003 GPU-hours on top of 100 GPU-hours spent" in done.stderr
    assert not (run / "scores.json").exists()
    plan(limit={"gpu_hours": 200.0})
    assert main(command) == 0
    paid = io.read_json(ledger)["runs"][run.name]
    assert (paid["processes"], paid["reserved"]) == (1, None)
    assert paid["spent"]["gpu_hours"] > 0
    assert main(command) == 0
    assert io.read_json(ledger)["runs"][run.name] == paid, "nothing was left to score"


def test_outside_a_study_there_is_no_ledger(plan, run):
    ledger = plan()
    assert main(["train", run.name, "--device", "cpu", "--threads", "1"]) == 0
    assert not ledger.exists()
