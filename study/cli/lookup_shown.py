"""The answer of ``study lookup`` on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from study.cli.console import table_console
from study.lookup import Answer, Option, Reach
from study.lookup.words import number, short

PREDICTED = "predicted at the budget, or where the pool ends before it, by a law of n runs: 90 % interval of a new run"
LEFT = ("", "option", "by")  # columns that hold words


def show(answer: Answer) -> None:
    """Print what was asked, the options of each kind, what the target costs, and the notes."""
    console = table_console()
    chance = "" if answer.chance is None else f", chance {100 * answer.chance:.1f} %"
    judged = f"{answer.metric} on {escape(answer.dataset)}{chance}"
    console.print(judged if answer.dataset else "no score yet")
    console.print(_question(answer))
    _options(console, "measured: mean over n seeds, 90 % interval of the mean", answer.measured)
    _options(console, PREDICTED, answer.predicted)
    _costs(console, answer)
    if not answer.fits:
        console.print("nothing that is known fits this budget" if answer.budget else "nothing that is known reaches it")
    if any(option.tied for option in answer.measured + answer.predicted):
        console.print("= tied with the first: their intervals overlap")
    for note in answer.notes:
        console.print(f"note: {escape(note)}")


def _question(answer: Answer) -> str:
    budget = answer.budget
    unit = budget.kind.replace("_", " ") if budget else ""
    on = f" on {answer.gpus} {answer.gpu}" if answer.gpus else f" on {answer.gpu}" if answer.gpu else ""
    parts = [
        f"within {budget.value:.4g} {unit} a run{on}" if budget else "",
        f"from a pool of {short(answer.pairs)} pairs" if answer.pairs else "",
        f"asked of {', '.join(answer.studies)}",
    ]
    return escape(", ".join(filter(None, parts)))


def _options(console: Console, title: str, found: Sequence[Option]) -> None:
    rows = [_cells(option) for option in found]
    names = ("", "option", "score %", "90 %", "n", "pairs", "samples", "batch", "FLOPs", "hours", "GPUs", "GiB")
    _table(console, title, names, rows)
    _beside(console, [(option.rank, _told(option)) for option in found])
    _beside(console, [(option.rank, _doubts(option)) for option in found])


def _cells(option: Option) -> tuple[str, ...]:
    interval = "unknown" if option.low is None else f"{100 * option.low:.1f} to {100 * (option.high or 0):.1f}"
    return (
        f"={option.rank}" if option.tied else str(option.rank),
        option.label,
        f"{100 * option.score:.1f}",
        interval,
        str(option.n),
        short(option.unique_pairs),
        short(option.samples_seen),
        short(option.global_batch_size),
        "" if option.train_flops is None else f"{option.train_flops:.2g}",
        _hours(option.gpu_hours, option.gpu_hours_low, option.gpu_hours_high),
        "" if option.gpus is None else str(option.gpus),
        "" if option.memory_gib is None else f"{option.memory_gib:.3g}",
    )


def _hours(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return ""
    known = "" if low == value == high else _between(*(None if one is None else number(one, 2) for one in (low, high)))
    return f"{number(value)} ({known})" if known else number(value)


def _between(low: str | None, high: str | None) -> str:
    """Bounds, either of which may lie beyond where it was looked for."""
    if low is None or high is None:
        return f"{low} or more" if low else f"{high} or less" if high else ""
    return f"{low} to {high}"


def _told(option: Option) -> str:
    near = f"like {option.nearest}" if option.nearest else ""
    return "; ".join(filter(None, (near, option.note)))


def _doubts(one: Option | Reach) -> str:
    provisional = f"provisional: {one.provisional}" if one.provisional else ""
    return "; ".join(filter(None, (provisional, one.caution)))


def _costs(console: Console, answer: Answer) -> None:
    if answer.target is None:
        return
    rows = [
        (str(one.rank), one.label, one.evidence, str(one.n), *_flops(one), short(one.samples_seen), _span(one))
        for one in answer.reached
    ]
    names = ("", "option", "by", "n", "FLOPs", "90 %", "samples", "hours")
    _table(console, f"what {100 * answer.target:g} % costs", names, rows)
    _beside(console, [(one.rank, one.note) for one in answer.reached])
    _beside(console, [(one.rank, _doubts(one)) for one in answer.reached])


def _flops(one: Reach) -> tuple[str, str]:
    if one.train_flops is None:
        return "not reached", ""
    bounds = (None if bound is None else f"{bound:.2g}" for bound in (one.low, one.high))
    return f"{_at_most(one)}{one.train_flops:.2g}", _between(*bounds)


def _span(one: Reach) -> str:
    hours = _hours(one.gpu_hours, one.gpu_hours_low, one.gpu_hours_high)
    return f"{_at_most(one)}{hours}" if hours else ""


def _at_most(one: Reach) -> str:
    return "at most " if one.at_most else ""


def _table(console: Console, title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    kept = [place for place, name in enumerate(names) if name in LEFT or any(row[place] for row in rows)]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in (names[place] for place in kept):
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=name != "option")
    for row in rows:
        table.add_row(*(Text(row[place]) for place in kept))
    console.print(f"\n[bold]{escape(title)}[/bold]", table, sep="\n", end="")


def _beside(console: Console, lines: Sequence[tuple[int, str | None]]) -> None:
    """What is said of options, each sentence once."""
    ranks: dict[str, list[str]] = {}
    for rank, told in lines:
        if told:
            ranks.setdefault(told, []).append(str(rank))
    for told, of in ranks.items():
        console.print(f"  {', '.join(of)}: {escape(told)}", style="dim")
