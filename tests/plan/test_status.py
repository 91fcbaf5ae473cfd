"""A study's status: fresh, half way, finished; when it should end; read while others write."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import polars as pl
import pytest

from study import io
from study.cli import main
from study.collect import collect
from study.ledger import Account, Amounts, Due
from study.plan.status import status
from study.plan.summary import totals
from study.plan.table import StudyTable
from study.records import FAILURE, PLAN_COLUMNS, Cost, Outcome, schema

NOW = datetime(2025, 1, 1, tzinfo=UTC)
ONE_THREAD = Amounts(gpu_hours=1, device_hours=1, kwh=0.01, dollars=None)


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results"


@pytest.fixture
def plan(results):
    """A function that writes the plan of a study: a run of 1,000 samples for every number of hours."""

    def write(hours, name="small", limit=None, needs=(), **columns):
        rows = [
            {"run_id": f"r{i}", "arch": "vit", "strategy_label": "clip", "seed": i, "samples_seen": 1000, "gpus": 0,
             "threads": 1, "predicted_gpu_hours": hour, "predicted_kwh": 0.01 * hour,
             "needs": json.dumps(needs) if needs and i == len(hours) - 1 else None, **columns}
            for i, hour in enumerate(hours)
        ]  # fmt: skip
        path = results / name / "plan.parquet"
        io.write_parquet(path, pl.DataFrame(rows, schema=schema(PLAN_COLUMNS)))
        os.utime(path, (1000, 1000))
        io.write_json(results / name / "plan.json", {"title": "A small study", "limit": limit})
        io.write_json(results / name / "evaluation.json", {"evaluation_id": "e1", "sets": []})

    return write


@pytest.fixture
def end(results):
    def write(run_id, hours, state="completed", **fields):
        cost = Cost(
            device="a processor", device_kind="cpu", world_size=1, threads=1, loader_workers=0, precision="fp32",
            micro_batch_size=1, grad_accum_steps=1, gpu_hours=hours,
        )  # fmt: skip
        fields |= {"cost": cost, "resolved": {}}
        told = Outcome(run_id=run_id, status=state, samples_seen=1000, steps=1, finished="", **fields)
        io.write_json(results / "runs" / run_id / "outcome.json", told.model_dump(mode="json"))
        io.write_json(results / "runs" / run_id / "evaluations/e1.json", {})

    return write


@pytest.fixture
def under_way(results):
    """A function: the reservation of a run that a process works on, and what it has written so far."""

    def begin(run_id, hours, samples, since=0.0, took=0.0):
        run = results / "runs" / run_id
        attempt = {"started": "", "host": "h", "first_sample": since, "last_sample": samples, "wall_hours": took}
        io.write_json(run / "attempts.json", [attempt])
        return Account(results, "small").reserve(run_id, Due(an_hour=ONE_THREAD, hours=hours), time.monotonic())

    return begin


def test_a_fresh_study(plan, results, capsys):
    plan([1.0, 2.0])
    told = status(results, "small", NOW)
    assert (told["runs"], told["completed"], told["running"], told["waiting"]) == (2, 0, 0, 2)
    assert (told["left_gpu_hours"], told["left_hours"], told["ends"]) == (3, None, None)
    assert main(["status", "small"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "small: 2 runs: 0 completed, 0 running, 2 waiting",
        "spent: 0 CPU-hours, 0 kWh",
        "to do: 3 CPU-hours",
        "nothing is running, so there is no telling when it ends",
    ]


def test_half_way(plan, results, end, under_way, capsys):
    plan([1.0, 1.0, 4.0, 1.0, 2.0], limit={"gpu_hours": 20.0, "fit": "refuse"})
    with Account(results, "small").reserve("r0", Due(an_hour=ONE_THREAD, hours=1), time.monotonic() - 7200):
        end("r0", 2.0)
    end("r1", 0.5, "diverged")
    with under_way("r2", 4.0, 250, took=2.0):
        told = status(results, "small", NOW)
        assert (told["completed"], told["running"], told["waiting"], told["failed"]) == (1, 1, 2, {"diverged": 1})
        assert told["spent"]["gpu_hours"] == pytest.approx(2, abs=1e-3)
        assert told["reserved"]["gpu_hours"] == 4
        assert told["budget"]["gpu_hours"]["left"] == pytest.approx(14, abs=1e-3)
        # r0 took 2 h for 1, a quarter of r2 2 h for 1; so 2 x (0.75 x 4 + 1 + 2) are left, one after the other
        assert told["measured_over_predicted"] == {"factor": pytest.approx(2, abs=1e-3), "runs": 2}
        assert told["left_hours"] == pytest.approx(12, abs=1e-2)
        assert told["ends"].startswith("2025-01-01T12:00:")
        (run,) = told["under_way"]
        assert (run["run_id"], run["samples_done"], round(run["left_hours"], 2)) == ("r2", 250, 6)
        assert main(["status", "grids/small.yaml"]) == 0
        said = capsys.readouterr().out
    assert "5 runs: 1 completed, 1 running, 2 waiting, 1 diverged\n" in said
    assert "limit of 20 GPU-hours: 2 spent, 4 reserved, 14 left\n" in said
    assert "  r2  vit, clip, seed 2: 250 of 1,000 samples (25%), about 6.0 h left\n" in said
    assert "to do: 12 CPU-hours, 2.00 times what was predicted, by 2 runs so far\nshould end in 12.0 h, at 20" in said


def test_a_finished_study_whose_runs_are_partly_reused(plan, results, end, capsys):
    plan([1.0, 1.0])
    end("r0", 0.5)
    with Account(results, "small").reserve("r1", Due(an_hour=ONE_THREAD, hours=1), time.monotonic() - 3600):
        end("r1", 1.0)
    assert main(["status", "small"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "small: 2 runs: 2 completed, 0 running, 0 waiting",
        "spent: 1 CPU-hours, 0.01 kWh",
        "reused: 1 run, which took 0.5 CPU-hours when made",
    ]


def test_the_pace_of_what_is_under_way_counts_and_so_do_all_that_run_at_once(plan, results, under_way):
    plan([2.0, 2.0, 2.0, 2.0])
    with under_way("r0", 2.0, 500, took=2.0), under_way("r1", 2.0, 0):
        told = status(results, "small", NOW)
    assert told["measured_over_predicted"] == {"factor": 2.0, "runs": 1}
    assert told["devices_at_work"] == 2
    assert told["left_hours"] == 8  # r0 2 and then r2 4; r1 4 and then r3 4


def test_runs_that_ended_before_they_were_predicted_say_nothing_about_the_predictions(plan, results, end):
    plan([1.0, 1.0])
    with Account(results, "small").reserve("r0", Due(an_hour=ONE_THREAD, hours=1), time.monotonic() - 3 * 3600):
        end("r0", 3.0)
    os.utime(results / "runs/r0/outcome.json", (900, 900))
    assert status(results, "small", NOW)["left_gpu_hours"] == 1


def test_progress_is_read_from_the_last_whole_line(plan, results, under_way):
    plan([1.0])
    with under_way("r0", 1.0, 100):
        lines = [json.dumps({"samples_seen": 20 * i, "steps": 20, "loss": 1.0}) for i in range(1, 41)]
        (results / "runs/r0/steps.jsonl").write_text("\n".join(lines) * 100 + "\n" + '{"samples_seen": 90')
        (run,) = status(results, "small", NOW)["under_way"]
    assert run["samples_done"] == 800


def test_a_killed_run_is_interrupted_and_a_run_kept_from_starting_says_why(plan, results, end, capsys):
    plan([1.0, 2.0, 5.0], limit={"gpu_hours": 4.0}, needs=["r1"])
    for name in ("samples-000000000000100.pt", "samples-000000000000100.sha256"):
        io.write_text(results / "runs/r0/checkpoints" / name, "")
    runs = {"r0": {"spent": {"gpu_hours": 2.5, "device_hours": 2.5}, "processes": 1}}
    io.write_json(results / "small/ledger.json", {"runs": runs, "refused": {"r1": "it would take 2"}})
    told = status(results, "small", NOW)
    assert (told["interrupted"], told["kept_waiting"], told["left_gpu_hours"]) == (1, 2, 0.9)
    plan([1.0, 2.0, 5.0], limit={"gpu_hours": 40.0}, needs=["r1"])
    assert status(results, "small", NOW)["kept_waiting"] == 0, "the limit was raised"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "planned"),
        ({".lock": ""}, "interrupted"),
        ({"checkpoints/samples-000000000000100.pt": ""}, "interrupted"),
        ({".lock": "", FAILURE: '{"status": "out_of_memory", "reason": "asked for 3 GiB"}'}, "out_of_memory"),
        ({FAILURE: "{"}, "failed"),
        ({"outcome.json": "{}"}, "failed"),
    ],
)
def test_plan_status_and_report_say_alike_how_a_run_stands(plan, results, files, expected):
    plan([1.0])
    for name, content in files.items():
        io.write_text(results / "runs/r0" / name, content)
    told = status(results, "small", NOW)
    found = {"planned": told["waiting"] - told["interrupted"], "interrupted": told["interrupted"], **told["failed"]}
    assert {name: count for name, count in found.items() if count} == {expected: 1}
    assert collect(results, "small").runs["status"].to_list() == [expected]
    rows = StudyTable(results, "small").rows.with_columns(train_flops=1.0, predicted_memory_gib=1.0).to_dicts()
    sums = totals(results, "small", rows)
    ended = "outcome.json" in files
    assert (sums["left"], sums["failed"], sums["completed"]) == (1 - ended, int(ended), 0)


def test_what_could_not_be_read_is_told(plan, results, end, capsys):
    plan([1.0, 1.0, 1.0])
    end("r0", 1.0, samples_skipped={})
    assert main(["status", "small"]) == 0
    assert "could not be read" not in capsys.readouterr().out
    end("r1", 1.0, samples_skipped={"lost": 5}, skipped_unit="samples")
    assert status(results, "small", NOW)["skipped"] == [
        {"reason": "lost", "unit": "samples", "status": "completed", "runs": 1, "share": 0.005, "most": 5, "number": 5}
    ]
    assert main(["status", "small"]) == 0
    assert "could not be read: lost (5 samples in 1 run)" in capsys.readouterr().out.splitlines()


def test_every_study_has_a_line_and_programs_get_a_list(plan, capsys):
    plan([1.0])
    plan([1.0, 1.0], name="other")
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "other: 2 runs: 0 completed, 0 running, 2 waiting",
        "small: 1 run: 0 completed, 0 running, 1 waiting",
    ]
    assert main(["status", "--json"]) == 0
    assert [one["study"] for one in json.loads(capsys.readouterr().out)] == ["other", "small"]


def test_what_is_not_there_or_damaged_is_told(plan, results, capsys):
    assert main(["status"]) == 2
    assert "no study is planned in results; plan one: study plan grids/NAME.yaml" in capsys.readouterr().err
    plan([1.0])
    assert main(["status", "smal"]) == 2
    assert "unknown study in results 'smal'; did you mean small?" in capsys.readouterr().err
    io.write_text(results / "small/ledger.json", "{")
    assert main(["status", "small"]) == 2
    assert "ledger.json is no ledger" in capsys.readouterr().err


def test_the_plan_of_an_older_program_and_no_torch(plan, results):
    plan([1.0])
    path = results / "small/plan.parquet"
    io.write_parquet(path, io.read_parquet(path).drop("left_out", "needs", "predicted_kwh", "predicted_dollars"))
    script = (
        "import sys; from study.cli import main; code = main(['status', 'small']); "
        "print(sorted(set(sys.modules) & {'torch', 'open_clip', 'timm', 'fvcore', 'scipy', 'matplotlib'}), code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "small: 1 run: 0 completed, 0 running, 1 waiting"
    assert done.stdout.splitlines()[-1] == "[] 0"
