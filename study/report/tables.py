"""The tables of runs and settings: which rows, which columns."""

from __future__ import annotations

import polars as pl

from study.report import words
from study.report.cost_table import ENERGY_BY
from study.report.frontier import points as frontier_points
from study.report.study import Study
from study.report.table import Column, Table, table
from study.summary.runs import tuning

ARCH: Column = ("arch", "architecture", words.text)
DATA: tuple[Column, ...] = (
    ("strategy_label", "strategy", words.text),
    ("quality", "quality", words.text),
    ("unique_pairs", "pairs", words.count),
    ("samples_seen", "samples", words.count),
)
COSTS: tuple[Column, ...] = (
    ("train_flops", "FLOPs", words.power_of_ten),
    ("gpu_hours", "measured", words.duration),
)
SCORED: tuple[Column, ...] = (
    ("score", "score", words.percent),
    ("sd", "± sd", words.percent),
    ("n", "seeds", words.count),
)


def frontier(study: Study) -> Table:
    """Settings on the Pareto front, cheapest first."""
    points = frontier_points(study).filter(pl.col("on_front"))
    metric = words.metric(study.target.metric)
    note = f"Best {metric} on {study.target.dataset} for the cost; mean over seeds."
    extra: tuple[Column, ...] = (
        ("samples_per_second", "samples/s", words.count),
        ("peak_memory_gib", "memory, GiB", words.number),
    )
    return table(
        "frontier", "Frontier: the best score for its cost", note, (ARCH, *SCORED, *DATA, *COSTS, *extra), points
    )


def by_setting(study: Study) -> Table:
    """All settings with their scores on the headline set, one column a retrieval direction."""
    note = f"On {study.target.dataset}; mean over seeds, best first. No ± where there is one seed."
    columns: tuple[Column, ...] = (
        ARCH,
        *SCORED,
        ("low", "90 % low", words.percent),
        ("high", "90 % high", words.percent),
        *DATA,
        ("other_settings", "other settings", words.text),
        *COSTS,
    )
    return table("settings", f"Settings by {words.metric(study.target.metric)}", note, columns, study.settings)


def runs(study: Study) -> Table:
    """Every planned run."""
    scores = study.scores.filter(pl.col("dataset") == study.target.dataset)
    columns: list[Column] = [
        ("run_id", "run", words.text),
        ARCH,
        *DATA,
        ("seed", "seed", words.text),
        ("made_for", "only to choose", words.text),
        ("status", "status", words.text),
    ]
    data = study.runs.with_columns(
        pl.when(tuning()).then(pl.lit("learning rate")).alias("made_for"),
        pl.col("energy_source").replace(ENERGY_BY).alias("energy_by"),
    )
    for metric in [*study.directions, "zeroshot_top1"]:
        if metric not in data.columns and metric in set(scores["metric"]):
            of_metric = scores.filter(pl.col("metric") == metric).select("run_id", pl.col("value").alias(metric))
            data = data.join(of_metric, on="run_id", how="left", validate="m:1")
            columns.append((metric, words.metric(metric), words.percent))
    columns += [
        ("loss", "loss", words.number),
        *COSTS,
        ("predicted_gpu_hours", "predicted", words.duration),
        ("samples_per_second", "samples/s", words.count),
        ("peak_memory_gib", "memory, GiB", words.number),
        ("mfu", "MFU", words.percent),
        ("energy_kwh", "kWh", words.number),
        ("energy_by", "kWh by", words.text),
        ("dollars", "dollars", words.number),
        ("lr", "learning rate", words.number),
        ("tuned", "chosen", words.text),
        ("other_settings", "other settings", words.text),
    ]
    return table("runs", "All runs", f"Scores on {study.target.dataset}. Click a head to sort.", columns, data)


def failures(study: Study) -> Table:
    """Runs that did not complete, and completed ones whose evaluation says something, with the reason."""
    why = pl.when(pl.col("status") == "completed").then("evaluation_note").otherwise("reason")
    data = study.runs.with_columns(why.alias("why")).filter(
        (pl.col("status") != "completed") | pl.col("evaluation_note").is_not_null()
    )
    columns: tuple[Column, ...] = (
        ("run_id", "run", words.text),
        ARCH,
        *DATA,
        ("seed", "seed", words.text),
        ("status", "status", words.text),
        ("why", "reason", words.text),
    )
    return table("failures", "What did not complete", "", columns, data.sort("status", maintain_order=True))
