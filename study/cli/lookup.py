"""``study lookup``: which option is best within a budget."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from study.cli import options
from study.errors import StudyError

if TYPE_CHECKING:
    from rich.console import Console

    from study.lookup import Answer, Budget, Option

EXAMPLES = """\
  study lookup --study quickstart --budget 1e13
  study lookup --study quickstart --gpu-hours 0.05 --metric zeroshot_top1
  study lookup --samples 16K --json
Ends with 1 when nothing that is known fits the budget."""

PIPED_WIDTH = 120  # columns, where no terminal says
SUFFIXES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the budget, in one of three units, and what to look at."""
    parser.add_argument("--study", metavar="NAME", help="whose tables to ask (default: the only one there is)")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--budget", metavar="FLOPS", help="training FLOPs of one run, such as 1e15")
    budget.add_argument("--gpu-hours", metavar="H", help="device-hours of one run, as measured in the study")
    budget.add_argument("--samples", metavar="N", help="samples seen by one run, such as 16384 or 10M")
    parser.add_argument("--dataset", help="evaluation set (default: the study's test set)")
    parser.add_argument("--metric", help="as the scores table names it (default: text_retrieval_recall_at_5)")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="options to show (default 10)")
    options.results(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the ranked answer; 1 when nothing fits."""
    from study.lookup import lookup

    answer = lookup(args.study, _budget(args), args.results, args.dataset, args.metric, args.top)
    if args.json:
        print(json.dumps(answer.as_dict(), indent=2, ensure_ascii=False))
    else:
        _show(answer)
    return 0 if answer.fits else 1


def _budget(args: argparse.Namespace) -> Budget:
    from study.lookup import Budget

    if args.budget is not None:
        return Budget("train_flops", _number("--budget", args.budget))
    if args.gpu_hours is not None:
        return Budget("gpu_hours", _number("--gpu-hours", args.gpu_hours))
    return Budget("samples_seen", _number("--samples", args.samples))


def _number(option: str, text: str) -> float:
    factor = SUFFIXES.get(text[-1:].upper(), 1.0)
    try:
        value = float(text[:-1] if factor > 1 else text) * factor
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise StudyError(f"{option} {text!r}: must be a number greater than 0, such as 1e15 or 10M")
    return value


def _show(answer: Answer) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    unit = answer.budget.kind.replace("_", " ")
    chance = "" if answer.chance is None else f", chance {100 * answer.chance:.1f} %"
    console.print(f"{answer.metric} on {escape(answer.dataset)}{chance}")
    console.print(f"within {answer.budget.value:.4g} {unit} a run")
    _table(console, "measured: mean over n seeds, 90 % interval of the mean", answer.measured)
    _table(console, "predicted at the budget, by a law of n runs: 90 % interval of a new run", answer.predicted)
    if not answer.fits:
        console.print("nothing that is known fits this budget")
    if any(option.tied for option in answer.measured + answer.predicted):
        console.print("= tied with the first: their intervals overlap")
    for note in answer.notes:
        console.print(f"note: {escape(note)}")


def _table(console: Console, title: str, found: tuple[Option, ...]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    if not found:
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("", "option", "score %", "90 %", "n", "pairs", "samples", "FLOPs", "hours"):
        table.add_column(name, justify="left" if name in ("", "option") else "right", no_wrap=name != "option")
    for option in found:
        table.add_row(*map(Text, _cells(option)))
    console.print(f"\n[bold]{title}[/bold]", table, sep="\n", end="")
    for option in found:
        if option.note:
            console.print(f"  {option.rank}: {escape(option.note)}", style="dim")


def _cells(option: Option) -> tuple[str, ...]:
    interval = "unknown" if option.low is None else f"{100 * option.low:.1f} to {100 * (option.high or 0):.1f}"
    return (
        f"={option.rank}" if option.tied else str(option.rank),
        option.label,
        f"{100 * option.score:.1f}",
        interval,
        str(option.n),
        _count(option.unique_pairs),
        _count(option.samples_seen),
        "" if option.train_flops is None else f"{option.train_flops:.2g}",
        "" if option.gpu_hours is None else f"{option.gpu_hours:.3g}",
    )


def _count(value: int | None) -> str:
    """Short, as grids write it: 16384 is 16.4K."""
    if value is None:
        return ""
    factor, suffix = next(((size, name) for name, size in reversed(SUFFIXES.items()) if value >= size), (1, ""))
    return f"{value / factor:.3g}{suffix}"
