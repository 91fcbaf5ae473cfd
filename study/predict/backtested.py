"""What a backtest says, for a person and for a program; and what that of the cost says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from study.predict.asked import Asked
from study.predict.backtest import Errors, cost_backtest
from study.published import BUILT_IN
from study.registry import unknown_name

ALL = Asked()


@dataclass(frozen=True)
class Backtested:
    """``rows`` is for a program, ``cells`` are its rows for a person, below ``headers``."""

    title: str
    rows: list[dict[str, Any]]
    headers: tuple[str, ...]
    cells: list[tuple[str, ...]]
    notes: tuple[str, ...]


def cost(asked: Asked = ALL) -> Backtested:
    """GPU-hours of published runs, each predicted without itself.

    Raises UnknownNameError for another study than these.
    """
    if asked.study not in (None, *BUILT_IN):
        raise unknown_name("study whose cost was published", asked.study or "", list(BUILT_IN))
    found = cost_backtest()
    return Backtested(
        title="GPU-hours of published runs, predicted from the others: error factors",
        rows=[asdict(errors) for errors in found],
        headers=("left out", "runs", "predicted by", "n", "median", "p90", "in 90 % range"),
        cells=[_cells(errors, found[index - 1] if index else None) for index, errors in enumerate(found)],
        notes=(
            "median and p90, the 90th percentile, are of how many times too much or too little was predicted",
            "derived: only the runs whose hours come from a stated throughput, on GPUs assumed to be A100s",
            "a measurement: rows of one architecture on as many GPUs within 2 % of each other are left out together",
            "in 90 % range: of the left-out runs, with the 95 % Clopper-Pearson interval of the share",
        ),
    )


def _cells(errors: Errors, before: Errors | None) -> tuple[str, ...]:
    left_out = "" if before and before.left_out == errors.left_out else errors.left_out
    numbers = (str(errors.n), f"{errors.median:.2f}", f"{errors.p90:.2f}")
    return (left_out, errors.runs, errors.predictor, *numbers, _coverage(errors))


def _coverage(errors: Errors) -> str:
    if errors.covered is None or errors.covered_low is None or errors.covered_high is None:
        return ""
    return f"{errors.covered} of {errors.n} ({errors.covered_low:.0%}-{errors.covered_high:.0%})"


def markdown(found: Backtested) -> str:
    """The table in Markdown, for the documentation."""
    rows: Sequence[tuple[str, ...]] = [found.headers, tuple("---" for _ in found.headers), *found.cells]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
