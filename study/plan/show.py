"""A plan as a table that a person can read: a line for repeats with other seeds, totals below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from study.ledger import cap_line
from study.plan.held import Counted, Held
from study.plan.summary import Row, lines
from study.plan.sums import hours, sums

_WORDS = ("arch", "strategy")
_NUMBERS = ("pairs", "quality", "samples seen", "px", "batch", "lr", "runs", "FLOPs")
_UNITS = ((1e9, "B"), (1e6, "M"))


def show(console: Console, facts: dict[str, Any], held: Held, results: Path) -> None:
    """Print a plan: what it runs, what each run is predicted to take on which evidence, the sums and the limit."""
    gpu, count = facts["hardware"]["gpu"], facts["hardware"]["count"]
    nodes = facts["hardware"].get("nodes", 1)
    where = "CPU" if gpu == "cpu" else f"{count} x {gpu}" + (f" on {nodes} nodes" if nodes > 1 else "")
    unit = f"{'CPU' if gpu == 'cpu' else 'GPU'}-hours"
    console.print(f"[bold]{facts['title']}[/bold]  FLOPs, {unit} and memory of one run, predicted for {where}")
    _print_rows(console, held.kept, unit)
    for line in sums(facts, held.kept, results):
        console.print(line, highlight=False)
    if held.left_out:
        console.print(f"[bold]left out[/bold] by {held.left_out[0]['left_out']}", highlight=False)
        _print_rows(console, held.left_out, unit)
    for name, counted in held.caps.items():
        console.print(_cap(name, counted), highlight=False)


def _print_rows(console: Console, rows: Sequence[Row], unit: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _WORDS:
        table.add_column(name)
    for name in (*_NUMBERS, unit, "GiB"):
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
    shared = " sharded" if row["sharded"] else ""
    return whole if parts[1:] == (1, 1) else f"{whole} = {parts[0]}x{parts[1]}x{parts[2]}{shared}"


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
