"""What is said below a plan's table: the sums of its runs, and the evidence of their predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from study.data.skipped import words
from study.hardware import Device, Site, cpu_threads
from study.plan.due import devices, wall_hours
from study.plan.fit import USABLE
from study.plan.schedule import Job, finish
from study.plan.summary import Row, totals

ENDS = ("", "_low", "_high")  # of a predicted column: the value and its range


def hours(value: float) -> str:
    """Device-hours, or minutes where these are few."""
    if value < 1:
        return f"{value * 60:.2g} min"
    return f"{value:,.1f} h" if value < 100 else f"{value:,.0f} h"


def sums(facts: dict[str, Any], rows: Sequence[Row], results: Path) -> Iterable[str]:
    """Lines below the table: how the runs stand, what they take in all and how long, and what that rests on."""
    site = Site.of(facts)
    total = totals(results, facts["study"], rows, site)
    others = f", {total['shared']} shared with other studies" if total["shared"] else ""
    yield (f"{total['runs']} runs: {total['left']} to do, {total['completed']} done, {total['failed']} failed{others}")
    unit = "CPU-time" if facts["hardware"]["gpu"] == "cpu" else "GPU-time"
    low, high = total["predicted_gpu_hours_low"], total["predicted_gpu_hours_high"]
    yield (
        f"{total['train_flops']:.3e} training FLOPs, {hours(total['predicted_gpu_hours'])} of {unit} "
        f"({hours(low)} to {hours(high)}), {hours(total['left_gpu_hours'])} of it left, "
        f"at most {total['predicted_memory_gib']:.1f} GiB"
    )
    yield _wall(facts, rows)
    yield _spending(total, site.devices[facts["hardware"]["gpu"]], site)
    for pool in facts.get("pools", []):  # plans of earlier versions have none
        without = f"; left out: {words(pool['left_out'])}" if pool["left_out"] else ""
        yield f"pool: {pool['source']}, {pool['pairs']:,} pairs{without}"
    for evidence in dict.fromkeys(row["prediction_evidence"] for row in rows):
        yield f"evidence: {evidence}"
    if any(row["micro_batch_size"] < row["global_batch_size"] for row in rows):
        yield "batch: pairs a step = micro-batch x accumulation x GPUs, the largest micro-batch that fits"
    if any(row["sharded"] for row in rows):
        yield "sharded: each GPU holds a share of the towers, which do not fit whole; hours do not know what that takes"
    yield f"memory is what a process allocates for training, libraries apart, within a tenth or so{_filled(facts)}"
    yield "hours are from start to end, scoring included"
    yield from facts.get("advice", [])
    if facts["estimate"]:
        yield "ESTIMATE: a source only declares its number of pairs; nothing was written that could be run"


def _spending(total: dict[str, Any], device: Device, site: Site) -> str:
    """Energy, with what it emits where the user says so, and dollars where there is a price."""
    kwh, kwh_low, kwh_high = (total[f"predicted_kwh{end}"] for end in ENDS)
    unit = "CPU thread" if device.is_cpu else device.name
    told = f"{kwh:.3g} kWh ({kwh_low:.3g} to {kwh_high:.3g}), an upper estimate from {device.watts:g} W a {unit}"
    if total["predicted_co2_kg"] is not None:
        building = f" x PUE {site.pue:g}" if site.pue else ""
        told += f"; {total['predicted_co2_kg']:.3g} kg CO2 at {site.co2_grams_per_kwh:g} g/kWh{building}"
    if device.dollars_per_hour is None:
        return f"{told}; no dollars: give the price of a {unit} in hardware.yaml"
    cost, low, high = (_dollars(total[f"predicted_dollars{end}"]) for end in ENDS)
    return f"{told}; {cost} ({low} to {high}) at ${device.dollars_per_hour:g} an hour of a {unit}"


def _dollars(value: float) -> str:
    return f"${value:,.2f}" if value >= 1 else f"${value:.2g}"


def _filled(facts: dict[str, Any]) -> str:
    return "" if facts["hardware"]["gpu"] == "cpu" else f"; a GPU is filled to {USABLE:.0%} at most"


def _wall(facts: dict[str, Any], rows: Sequence[Row]) -> str:
    """How long the whole study takes on the devices of one run; on a CPU, on all threads of this machine."""
    gpu, count = facts["hardware"]["gpu"], facts["hardware"]["count"]
    own = cpu_threads()
    places, words = (own, f"the {own} CPU threads of this machine") if gpu == "cpu" else (count, f"{count} x {gpu}")
    first = sorted(rows, key=lambda row: row["purpose"] != "tuning")
    took = finish((Job(str(place), wall_hours(row), devices(row)) for place, row in enumerate(first)), places)
    days = f", {took / 24:,.1f} days" if took >= 48 else ""
    return f"{hours(took)}{days} from the first start to the last end on {words}"
