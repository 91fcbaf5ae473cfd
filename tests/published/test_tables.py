"""The published tables are whole, and what is derived from them is what their sources say."""

import subprocess
import sys

import polars as pl
import pytest

from study import published


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


def test_every_run_with_gpu_hours_has_its_samples_in_one_of_the_tables():
    runs, phases = published.runs().filter(pl.col("gpu_hours").is_not_null()), published.phases()
    unstated = runs.filter(pl.col("samples_seen").is_null())["run_id"]
    assert runs.height == 38
    assert set(unstated) == set(phases["run_id"])


def test_reading_them_needs_no_torch():
    code = (
        "import sys; from study import published; published.runs(), published.phases(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
