"""What a limit left out, kept from starting and let be spent, in the rows and on the page."""

import json
from dataclasses import asdict, replace

import polars as pl
import pytest

from study import io
from study.collect import collect
from study.hardware import DEVICES
from study.records import PLAN_COLUMNS, schema
from study.report.render import render

KEPT = "it would take 2 GPU-hours on top of 3 GPU-hours spent"


@pytest.fixture
def plan(results):
    def write(rows, name="little"):
        io.write_parquet(results / name / "plan.parquet", pl.DataFrame(rows, schema=schema(PLAN_COLUMNS)))

    return write


def test_runs_that_are_left_out_are_no_rows_of_the_study(results, specs, plan_of):
    plan_of([specs(seed=seed) for seed in range(3)])
    path = results / "little/plan.parquet"
    reason = pl.when(pl.col("seed") == 2).then(pl.lit("drop_last: over the limit"))
    io.write_parquet(path, io.read_parquet(path).with_columns(left_out=reason))
    assert collect(results, "little").runs["seed"].to_list() == [0, 1]


def test_a_run_kept_from_starting_says_so_and_so_does_one_that_waits_for_it(results, specs, plan_of, end):
    folders = plan_of([specs(seed=seed) for seed in range(4)])
    path, (done, trial, run, _) = results / "little/plan.parquet", [folder.name for folder in folders]
    needs = pl.when(pl.col("run_id") == run).then(pl.lit(json.dumps([done, trial])))
    io.write_parquet(path, io.read_parquet(path).with_columns(needs=needs))
    end(folders[0], scores={"zeroshot_top1": 0.5})
    io.write_json(results / "little/ledger.json", {"refused": {trial: KEPT, done: "long ago"}})
    runs = collect(results, "little").runs
    assert runs["status"].to_list() == ["completed", "planned", "planned", "planned"]
    assert runs["reason"].to_list() == [
        None,
        f"kept from starting by the study's limit: {KEPT}",
        f"waits for its trial {trial}, which the study's limit keeps from starting",
        "not started yet",
    ]


def test_a_run_kept_from_being_scored_says_so(results, specs, plan_of, end):
    scored, trained = plan_of([specs(), specs(seed=1)])
    end(scored, scores={"zeroshot_top1": 0.5})
    end(trained)
    io.write_json(results / "little/ledger.json", {"refused": {trained.name: KEPT, scored.name: "long ago"}})
    notes = collect(results, "little").runs["evaluation_note"].to_list()
    assert notes == [None, f"kept from being scored by the limit: {KEPT}"]


def test_the_page_says_what_the_limit_did(results, write_study, plan, tmp_path):
    rows = [{"scores": {"zeroshot_top1": 0.2}, "seed": 0}, {"scores": {"zeroshot_top1": 0.3}, "seed": 1}]
    write_study(rows, limit={"gpu_hours": 5.0, "kwh": 2.0, "fit": "shrink_seeds"})
    left_out = {"arch": "vit_nano", "strategy_label": "clip", "seed": 2, "predicted_gpu_hours": 0.5,
                "quality_share": 0.5, "left_out": "shrink_seeds: over the limit of 5 GPU-hours and 2 kWh"}  # fmt: skip
    plan([{"run_id": "r0"}, {"run_id": "r1"}, {"run_id": "r2", **left_out}])
    spent = {"gpu_hours": 1.5, "device_hours": 1.5, "kwh": 0.25, "dollars": 4.0}
    io.write_json(results / "little/ledger.json", {"runs": {"r0": {"spent": spent, "processes": 2}}})
    page = render(results, "little", tmp_path / "reports").read_text()
    assert "Left out by the limit" in page
    assert "5 GPU-hours; 2 kWh; 1 run left out" in page
    assert "1.5 CPU-hours, 0.25 kWh, $4.00 by 1 run, scoring and failed attempts included" in page
    table = pl.read_csv(tmp_path / "reports/little/tables/left_out.csv")
    assert table["left_out"].to_list() == [left_out["left_out"]]


def test_what_was_spent_before_there_was_a_price_counts_at_the_plans(results, write_study, tmp_path):
    prices = {"devices": [asdict(replace(DEVICES["h100"], dollars_per_hour=3.0))]}
    write_study([{"scores": {"zeroshot_top1": 0.2}}], hardware={"gpu": "h100", "count": 1}, site=prices)
    spent = {"gpu_hours": 1.5, "device_hours": 1.5, "kwh": 0.25, "dollars": None}
    io.write_json(results / "little/ledger.json", {"runs": {"r0": {"spent": spent}}})
    assert "0.25 kWh, $4.50 by 1 run" in render(results, "little", tmp_path / "reports").read_text()


def test_a_page_without_a_limit_says_nothing_of_one(results, write_study, tmp_path):
    write_study([{"scores": {"zeroshot_top1": 0.2}}])
    page = render(results, "little", tmp_path / "reports").read_text()
    assert "Left out by the limit" not in page
    assert "<dt>Limit</dt>" not in page
    assert "<dt>Spent</dt>" not in page
