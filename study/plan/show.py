"""A plan as a table that a person can read: a line for repeats with other seeds, totals below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from study.hardware import Device, Site
from study.ledger import cap_line
from study.plan.fit import USABLE
from study.plan.held import Counted, Held
from study.plan.summary import Row, lines, totals

_WORDS = ("arch", "strategy")
_NUMBERS = ("pairs", "quality", "samples seen", "px", "batch", "lr", "runs", "FLOPs", "hours", "GiB")
ENDS = ("", "_low", "_high")  # of a predicted column: the value and its range
_UNITS = ((1e9, "B"), (1e6, "M"))


def show(console: Console, facts: dict[str, Any], held: Held, results: Path) -> None:
    """Print a plan: what it runs, what each run is predicted to take on which evidence, the sums and the limit."""
    gpu, count = facts["hardware"]["gpu"], facts["hardware"]["count"]
    where = "CPU" if gpu == "cpu" else f"{count} x {gpu}"
    console.print(f"[bold]{facts['title']}[/bold]  FLOPs, hours and memory of one run, predicted for {where}")
    _print_rows(console, held.kept)
    for line in _sums(facts, held.kept, results):
        console.print(line, highlight=False)
    if held.left_out:
        console.print(f"[bold]left out[/bold] by {held.left_out[0]['left_out']}", highlight=False)
        _print_rows(console, held.left_out)
    for name, counted in held.caps.items():
        console.print(_cap(name, counted), highlight=False)


def _print_rows(console: Console, rows: Sequence[Row]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _WORDS:
        table.add_column(name)
    for name in _NUMBERS:
        table.add_column(name, justify="right", no_wrap=True)
    for group in lines(rows):
        table.add_row(*_cells(group))
    console.print(table)


def _cap(name: str, counted: Counted) -> str:
    """What a cap of the limit counts, and what is left of it."""
    gone = {"spent": counted.spent, "reserved": counted.reserved} if counted.spent or counted.reserved else {}
    return cap_line(name, counted.cap, {**gone, "to do": counted.to_do})


def _cells(group: Sequence[Row]) -> Iterable[str]:
    yield group[0]["arch"]
    yield group[0]["strategy_label"]
    yield _range(group, "unique_pairs", _count)
    yield _range(group, "quality_share", "{:.0%}".format)
    yield _range(group, "samples_seen", _count)
    yield str(group[0]["image_size"])
    yield ", ".join(dict.fromkeys(map(_batch, group)))
    yield _lr(group)
    yield str(len(group))
    yield _range(group, "train_flops", "{:.2e}".format)
    low, high = (sorted(row[f"predicted_gpu_hours{end}"] for row in group) for end in ("_low", "_high"))
    yield f"{_range(group, 'predicted_gpu_hours', hours)} ({hours(low[0])} to {hours(high[-1])})"
    yield _range(group, "predicted_memory_gib", "{:.1f}".format)


def _batch(row: Row) -> str:
    """Pairs a step, and how they are shared out where they are not all taken at once."""
    parts = (row["micro_batch_size"], row["grad_accum_steps"], max(row["gpus"], 1))
    whole = f"{row['global_batch_size']:,}"
    return whole if parts[1:] == (1, 1) else f"{whole} = {parts[0]}x{parts[1]}x{parts[2]}"


def _lr(group: Sequence[Row]) -> str:
    """The learning rate, or those that are tried; or that trials choose it."""
    if group[0]["lr"] is None:
        return "tuned"
    tried = "try " if group[0]["purpose"] == "tuning" else ""
    return tried + _range(group, "lr", "{:.3g}".format)


def _range(group: Sequence[Row], name: str, shown: Callable[[Any], str]) -> str:
    """The values of a column over a line's runs: one, or from the least to the most."""
    values = [row[name] for row in group]
    low, high = shown(min(values)), shown(max(values))
    return low if low == high else f"{low} - {high}"


def _count(value: float) -> str:
    """A number of pairs: exact where it is short."""
    for size, unit in _UNITS:
        if value >= 0.9995 * size:
            return f"{value / size:.3g}{unit}"
    return f"{value:,}"


def hours(value: float) -> str:
    """Device-hours, or minutes where these are few."""
    if value < 1:
        return f"{value * 60:.2g} min"
    return f"{value:,.1f} h" if value < 100 else f"{value:,.0f} h"


def _spending(total: dict[str, Any], device: Device, site: Site) -> str:
    """Energy, with what it emits where the user says so, and dollars where there is a price."""
    kwh, kwh_low, kwh_high = (total[f"predicted_kwh{end}"] for end in ENDS)
    unit = "core" if device.is_cpu else device.name
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


def _sums(facts: dict[str, Any], rows: Sequence[Row], results: Path) -> Iterable[str]:
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
    yield _spending(total, site.devices[facts["hardware"]["gpu"]], site)
    for evidence in dict.fromkeys(row["prediction_evidence"] for row in rows):
        yield f"evidence: {evidence}"
    if any(row["micro_batch_size"] < row["global_batch_size"] for row in rows):
        yield "batch: pairs a step = micro-batch x accumulation x GPUs, the largest micro-batch that fits"
    yield f"memory is what a process allocates, within a tenth or so{_filled(facts)}"
    yield "hours are from start to end, scoring included"
    if facts["estimate"]:
        yield "ESTIMATE: a source only declares its number of pairs; nothing was written that could be run"
