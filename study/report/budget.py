"""What the study's limit did: the runs that it left out, and what was spent of it."""

from __future__ import annotations

from collections.abc import Iterator

from study.config import Limit
from study.hardware import Site
from study.ledger import amount
from study.report import words
from study.report.study import Study
from study.report.table import Column, Table, table
from study.report.tables import ARCH


def left_out(study: Study) -> Table:
    """Runs of the grid that the limit leaves out, in the order of the grid."""
    columns: tuple[Column, ...] = (
        ARCH,
        ("strategy_label", "strategy", words.text),
        ("quality_share", "quality", words.percent),
        ("unique_pairs", "pairs", words.count),
        ("samples_seen", "samples", words.count),
        ("seed", "seed", words.text),
        ("train_flops", "FLOPs", words.power_of_ten),
        ("predicted_gpu_hours", "predicted", words.duration),
        ("left_out", "left out by", words.text),
    )
    note = "Runs of the grid that were not planned, since all of them together pass the study's limit."
    return table("left_out", "Left out by the limit", note, columns, study.left_out, folded=True)


def provenance(study: Study) -> Iterator[tuple[str, str]]:
    """The limit, and what this study's own processes have spent."""
    limit = Limit.model_validate(study.facts["limit"]) if study.facts.get("limit") else None
    spent = study.ledger.spent(_price(study))
    if limit is not None:
        parts = [amount(cap, name) for name, cap in limit.caps.items()]
        parts += [f"{words.plural(study.left_out.height, 'run')} left out"] if study.left_out.height else []
        yield "Limit", "; ".join(parts)
    if study.ledger.runs:
        dollars = f", ${spent.dollars:,.2f}" if spent.dollars else ""
        unit = words.hours_unit(study.runs)
        hours = f"{words.number(spent.gpu_hours)} {unit}, {words.number(spent.kwh)} kWh{dollars}"
        yield "Spent", f"{hours} by {words.plural(len(study.ledger.runs), 'run')}, scoring and failed attempts included"


def _price(study: Study) -> float | None:
    """Dollars an hour of the device that the study is planned for, for what was spent when none was known."""
    planned = study.facts.get("hardware")
    return Site.of(study.facts).devices[planned["gpu"]].dollars_per_hour if planned else None
