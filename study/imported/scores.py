"""Scores out of cells: what is a number from 0 to 1, what is missing, what is marked, and what stands twice."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from study.imported.files import Place
from study.imported.format import Found, Reading

SAME = 1e-9  # relative: one number written by two programs
MOST_PERCENT = 100.0
Key = tuple[str, str, str]  # run, data set, metric


class Number(NamedTuple):
    """A score that was read, and where it stands."""

    value: float
    place: Place


@dataclass
class Scores:
    """Scores by run, data set and metric; ``problems`` must be mended, ``marks`` say what a run is missing."""

    values: dict[Key, Number] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    marks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    repeated: int = 0

    def add(self, key: Key, new: Number) -> None:
        """Keep a score; the same once more is counted, another value for it is a problem."""
        known = self.values.setdefault(key, new)
        if known is new:
            return
        if math.isclose(known.value, new.value, rel_tol=SAME):
            self.repeated += 1
            return
        run, dataset, metric = key
        self.problems.append(
            f"{new.place}: {metric} on {dataset} of run {run!r} is {new.value:g}, and {known.value:g} in "
            f"{known.place}; keep one, or tell the runs apart"
        )


def read_scores(found: Iterable[Found]) -> Scores:
    """All scores of all rows. What is empty is missing; NaN and what is out of range is marked."""
    scores, amounts = Scores(), defaultdict[str, list[float]](list)
    for row in found:
        for reading in row.scores:
            if not reading.cell.empty:
                _read(scores, amounts, row, reading)
    scores.problems += _percent(amounts)
    return scores


def _read(scores: Scores, amounts: dict[str, list[float]], row: Found, reading: Reading) -> None:
    dataset, metric, cell = reading
    if not dataset or not metric:
        scores.problems.append(f"{row.place}: a score without its {'metric' if dataset else 'data set'}")
        return
    try:
        amount = cell.amount()
    except ValueError as error:
        scores.problems.append(f"{row.place}: {error}")
        return
    amounts[cell.column].append(amount)
    if 0 <= amount <= 1:
        scores.add((row.run, dataset, metric), Number(amount, row.place))
        return
    told = "NaN" if math.isnan(amount) else f"{amount:g}, which is no score from 0 to 1"
    scores.marks[row.run].append(f"{metric} on {dataset} is {told} ({row.place})")


def _percent(by_column: dict[str, list[float]]) -> Iterator[str]:
    """Columns that give scores as 0 to 100: half of their numbers or more are above 1, and most of these up to 100.

    One wrong number among them must not make all the others pass as scores that are merely missing.
    """
    for column, amounts in by_column.items():
        above = [amount for amount in amounts if amount > 1]
        if above and 2 * len(above) >= len(amounts) and median(above) <= MOST_PERCENT:
            yield (
                f"column {column!r}: {len(above)} of {len(amounts)} scores are above 1, up to {max(above):g}: percent? "
                f"a score is 0 to 1; divide by 100, or say times: 0.01 in a mapping (--mapping)"
            )
