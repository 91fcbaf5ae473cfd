"""The tables of runs and settings: which rows, which columns."""

from __future__ import annotations

import polars as pl

from study.report import words
from study.report.cost_table import ENERGY_BY, memory_note
from study.report.frontier import points as frontier_points
from study.report.frontier import rule
from study.report.study import Study
from study.report.table import Column, Table, table
from study.summary.runs import studied, tuning

ARCH: Column = ("arch", "architecture", words.text)
DATA: tuple[Column, ...] = (
    ("strategy_label", "strategy", words.text),
    ("quality", "quality", words.text),
    ("unique_pairs", "pairs", words.count),
    ("samples_seen", "samples", words.count),
)
SEEDS: Column = ("n", "seeds", words.count)
INTERVAL: tuple[Column, ...] = (
    ("low", "90 % low", words.percent),
    ("high", "90 % high", words.percent),
)
SCORE: Column = ("score", "score", words.percent)


def costs(study: Study) -> tuple[Column, ...]:
    """What a run takes, in the study's unit of time."""
    return (
        ("train_flops", "FLOPs", words.power_of_ten),
        ("gpu_hours", f"{words.time_unit(study.runs)} a run", words.duration),
    )


def frontier(study: Study) -> Table:
    """Settings on the Pareto front, cheapest first."""
    points = frontier_points(study).filter(pl.col("on_front"))
    metric = words.metric(study.target.metric)
    note = f"Best {metric} on {study.target.dataset} for the cost; mean over seeds. {rule(study)}".strip()
    columns = (
        *(ARCH, SCORE, *INTERVAL, SEEDS, *DATA, *costs(study)),
        ("samples_per_second", "samples/s", words.count),
        ("peak_memory_gib", "memory, GiB", words.number),
    )
    return table("frontier", "Frontier: the best score for its cost", note, columns, points, folded=True)


def by_setting(study: Study) -> Table:
    """All settings with their scores on the headline set, one column a retrieval direction."""
    one = " No ± where there is one seed." if study.settings["sd"].null_count() else ""
    note = f"On {study.target.dataset}; mean over seeds, best first.{one}"
    columns: tuple[Column, ...] = (
        *(ARCH, SCORE, ("sd", "± sd", words.percent), *INTERVAL, SEEDS, *DATA),
        ("other_settings", "other settings", words.text),
        *costs(study),
    )
    title = f"Settings by {words.metric(study.target.metric)}"
    return table("settings", title, note, columns, study.settings, folded=True)


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
        pl.when((pl.col("samples_skipped") > 0).any()).then("samples_skipped"),
    )
    for metric in [*study.directions, "zeroshot_top1"]:
        if metric not in data.columns and metric in set(scores["metric"]):
            of_metric = scores.filter(pl.col("metric") == metric).select("run_id", pl.col("value").alias(metric))
            data = data.join(of_metric, on="run_id", how="left", validate="m:1")
            columns.append((metric, words.metric(metric), words.percent))
    columns += [
        ("loss", "loss", words.number),
        *costs(study),
        ("predicted_gpu_hours", "predicted", words.duration),
        ("samples_per_second", "samples/s", words.count),
        ("peak_memory_gib", "memory, GiB", words.number),
        ("mfu", "MFU", words.percent),
        ("energy_kwh", "kWh", words.number),
        ("energy_by", "kWh by", words.text),
        ("dollars", "dollars", words.number),
        ("attempts", "attempts", words.count),
        ("lost_steps", "lost steps", words.count),
        ("samples_skipped", "could not be read", words.count),
        ("lr", "learning rate", words.number),
        ("tuned", "chosen", words.text),
        ("other_settings", "other settings", words.text),
    ]
    note = " ".join(filter(None, [f"Scores on {study.target.dataset}.", memory_note(study), "Click a head to sort."]))
    return table("runs", "All runs", note, columns, data, folded=True)


def failures(study: Study) -> Table:
    """Runs that did not complete, and completed ones without a score or with something to say of it."""
    data = study.runs.join(_unscored(study), on="run_id", how="left", validate="1:1").with_columns(
        pl.when(pl.col("status") == "completed")
        .then(pl.coalesce("evaluation_note", "unscored"))
        .otherwise(pl.col("reason").fill_null("no reason was given"))
        .alias("why")
    )
    columns: tuple[Column, ...] = (
        ("run_id", "run", words.text),
        ("status", "status", words.text),
        ("why", "reason", words.text),
        ARCH,
        *DATA,
        ("seed", "seed", words.text),
    )
    shown = data.filter(pl.col("why").is_not_null()).sort("status", maintain_order=True)
    return table("failures", "What did not complete", "", columns, shown, folded=True)


def _unscored(study: Study) -> pl.DataFrame:
    """Completed runs of the study, not those made to tune, without a number as their headline score, and why."""
    target = study.target
    of_target = study.scores.filter(pl.col("dataset") == target.dataset, pl.col("metric") == target.metric)
    value = pl.col("value")
    why = pl.when(value.is_nan()).then(pl.lit("is not a number")).when(value.is_null()).then(pl.lit("is missing"))
    done = studied(study.runs).filter(pl.col("status") == "completed").select("run_id")
    found = done.join(of_target, on="run_id", how="left").with_columns(why.alias("how")).drop_nulls("how")
    name = f"{words.metric(target.metric)} on {target.dataset or 'any set'}"
    return found.select("run_id", pl.format("{} {}", pl.lit(name), "how").alias("unscored"))
