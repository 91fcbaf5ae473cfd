"""What was run and what it took, predicted beside measured."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from study.report import words
from study.report.interruptions import interruptions
from study.report.study import Study
from study.report.table import Column, Table, table
from study.summary.runs import spent_hours, tuning

DONE = pl.col("status") == "completed"
ENERGY_BY = {"nvml": "GPU counter", "rapl": "CPU counter", "estimate": "estimate"}
_PREDICTED = {
    "gpu_hours": ("predicted_gpu_hours", "predicted_gpu_hours_low", "predicted_gpu_hours_high"),
    "energy_kwh": ("predicted_kwh",),
    "dollars": ("predicted_dollars",),
}


def cost(study: Study) -> Table:
    """Planned beside measured cost of the completed runs, a row an architecture, and their sum; trials apart."""
    unit = words.time_unit(study.runs)
    found, runs = list(_found()), study.runs.with_columns(spent_hours().alias("gpu_hours"))
    arch = pl.when(tuning()).then(pl.format("{}, to choose learning rates", "arch")).otherwise("arch").alias("arch")
    parts = runs.group_by(arch, maintain_order=True).agg(*found)
    total = runs.select(pl.lit("all").alias("arch"), *found)
    data = pl.concat([parts, total], how="vertical_relaxed") if runs.height else parts
    ratio = pl.when(pl.col("predicted_gpu_hours") > 0).then(pl.col("gpu_hours") / pl.col("predicted_gpu_hours"))
    columns: tuple[Column, ...] = (
        ("arch", "architecture", words.text),
        ("completed", "completed", words.count),
        ("planned", "planned", words.count),
        ("gpu_hours", f"measured {unit}", words.duration),
        ("predicted_gpu_hours", f"predicted {unit}", words.duration),
        ("predicted_gpu_hours_low", "low", words.duration),
        ("predicted_gpu_hours_high", "high", words.duration),
        ("ratio", "measured / predicted", words.ratio),
        ("mfu", "MFU", words.percent),
        ("peak_memory_gib", "memory, GiB", words.number),
        ("predicted_memory_gib", "predicted GiB", words.number),
        ("energy_kwh", "kWh", words.number),
        ("predicted_kwh", "predicted kWh", words.number),
        ("energy_by", "kWh by", words.text),
        ("dollars", "dollars", words.number),
        ("predicted_dollars", "predicted dollars", words.number),
    )
    note = " ".join(filter(None, _notes(study)))
    return table("cost", "What was run, and what it cost", note, columns, data.with_columns(ratio.alias("ratio")))


def _found() -> Iterator[pl.Expr]:
    """Of a group of runs: how many, and sums over those that have both a measurement and its prediction."""
    yield from (DONE.sum().alias("completed"), pl.len().alias("planned"))
    for name, predicted in _PREDICTED.items():
        both = _both(name, predicted[0])
        yield from (pl.when(both.any()).then(pl.col(c).filter(both).sum()).alias(c) for c in (name, *predicted))
    by = pl.col("energy_source").replace(ENERGY_BY).filter(_both("energy_kwh", "predicted_kwh"))
    yield pl.when(by.len() > 0).then(by.unique().sort().str.join(" and ")).alias("energy_by")
    both = _both("peak_memory_gib", "predicted_memory_gib")
    yield from (pl.col(name).filter(both).max() for name in ("peak_memory_gib", "predicted_memory_gib"))
    yield pl.col("mfu").filter(DONE).median()


def _both(measured: str, predicted: str) -> pl.Expr:
    return DONE & pl.col(measured).is_not_null() & pl.col(predicted).is_not_null()


def memory_note(study: Study) -> str:
    """What measured memory is where that is another thing than what is predicted."""
    if not study.completed.filter(pl.col("device_kind") == "cpu")["peak_memory_gib"].count():
        return ""
    return "Memory measured on a CPU is the whole process's with its libraries, not what training allocates alone."


def _notes(study: Study) -> Iterator[str]:
    sources = set(study.completed["energy_source"].drop_nulls())
    yield "Sums over completed runs that have both a prediction and a measurement, scoring included; of memory"
    yield "the largest value, of MFU the median." if study.completed["mfu"].count() else "the largest value."
    yield memory_note(study)
    if "estimate" in sources:
        yield "Energy by estimate is the device's full power over the measured time: at most this much."
    if sources & {"nvml", "rapl"}:
        yield "Counters were read in training alone."
    if "rapl" in sources:
        yield "CPU counters are of whole packages; a run has the share that its threads are of the machine's."
    yield interruptions(study.runs)
