"""The published tables are whole, and what is derived from them is what their sources say."""

import subprocess
import sys

import polars as pl
import pytest

from study import published
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, schema


def test_both_tables_are_whole_and_every_score_has_its_run():
    runs, scores = published.runs(), published.scores()
    assert (runs.height, scores.height) == (464, 1809)
    assert runs["run_id"].n_unique() == 464
    assert runs.filter(pl.col("citation").is_null()).is_empty()
    assert scores.join(runs, on="run_id", how="anti").is_empty()
    assert scores["value"].is_between(0, 1).all()


def test_hours_are_samples_over_throughput_where_they_are_said_to_be():
    derived = published.runs().filter(pl.col("note").str.starts_with("gpu_hours = samples_seen / samples_per_second"))
    hours = derived["samples_seen"] / derived["samples_per_second"] * derived["n_gpus"] / 3600
    assert derived.height == 29
    assert hours.to_list() == pytest.approx(derived["gpu_hours"].to_list(), rel=1e-4)


def test_runs_with_gpu_hours_and_without_stated_multiply_adds_have_phases():
    runs, phases = published.runs(), published.phases()
    assert runs.filter(pl.col("gpu_hours").is_not_null()).height == 38
    counted = runs.filter(pl.col("note").str.contains("multiply-adds counted by this project"))
    assert set(counted["run_id"]) == set(phases["run_id"])
    assert counted["samples_seen"].sum() == phases["samples_seen"].sum()


def test_the_columns_are_those_of_a_study():
    runs, scores = published.runs(), published.scores()
    assert dict(runs.schema) == schema(RUNS_COLUMNS)
    assert dict(scores.schema) == schema(SCORES_COLUMNS)
    assert set(runs["status"]) == {"completed"}
    assert set(runs["family"]) == {"vit", "resnet"}
    assert runs["quality_share"].null_count() == 464  # quality is known by the filter's name alone
    assert set(runs["quality"].drop_nulls()) == {"none", "basic", "clip", "datacomp", "image", "laion", "text"}


def test_training_flops_are_by_the_formula_where_it_holds_and_else_missing_with_the_reason():
    runs = published.runs()
    plain = runs.filter(pl.col("strategy").is_in(["clip", "siglip", "sogclr", "fastclip"])).drop_nulls("train_flops")
    expected = 6e9 * plain["gmacs_per_sample"] * plain["samples_seen"]
    assert plain.height == 435
    assert plain["train_flops"].to_list() == pytest.approx(expected.to_list(), rel=1e-12)
    missing = runs.filter(pl.col("train_flops").is_null())
    assert missing["note"].str.contains("no training FLOPs: ").all()
    assert set(missing["strategy"]) == {"amorlip", "clip", "flip", "slip"}


def test_two_schedules_of_one_source_are_told_apart():
    runs = published.runs().filter(pl.col("source") == "laion2025")
    assert dict(runs.group_by("other_settings").len().iter_rows()) == {None: 234, "schedule=constant": 132}
    assert runs["tuned"].null_count() == 0


def test_reading_them_needs_no_torch():
    code = (
        "import sys; from study import published; published.runs(), published.phases(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
