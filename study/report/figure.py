"""The seam of a figure: the points it shows, how it draws them, and what it must say about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from study.report import words
from study.report.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from study.report.spots import Spots

Draw: TypeAlias = "Callable[[Study, pl.DataFrame, Sequence[Axes]], Sequence[Spots]]"

COMPARED = (
    "pretrain_data", "strategy_label", "arch", "quality", "unique_pairs", "samples_seen", "global_batch_size",
    "image_size", "text_length", "lr", "other_settings",
)  # fmt: skip


def held_equal(points: pl.DataFrame, shown: Sequence[str]) -> str:
    """What all points share and what they do not, beside what the figure itself shows: one line."""
    equal, differing = [], []
    for name in COMPARED:
        if name in points.columns and name not in shown:
            known = points[name].unique().drop_nulls()
            if len(known) == 1 and not points[name].null_count():
                equal.append(f"{words.column(name)} {words.value(name, known[0])}")
            elif len(known):
                differing.append(f"{words.column(name)} ({_range(name, known)})")
    line = f"Held equal: {', '.join(equal) or 'nothing'}."
    return f"{line} Not held equal: {', '.join(differing)}." if differing else line


def _range(name: str, known: pl.Series) -> str:
    if known.dtype.is_numeric() and len(known) > 2:
        low, high = known.sort()[0], known.sort()[-1]
        return f"{words.value(name, low)} to {words.value(name, high)}"
    return ", ".join(words.value(name, item) for item in known.sort().head(4)) + (", …" if len(known) > 4 else "")


@dataclass(frozen=True)
class Figure:
    """A figure of the report.

    ``points`` takes the study to the table that is drawn (and saved beside the figure); an empty table means that
    there is nothing to draw, and ``needs`` says what is missing. ``draw`` gets that table and one axes for each of
    ``panels``, reads no file and fits nothing, and gives the spots where a pointer finds the points. ``shown`` are the
    columns that the figure itself tells apart; ``held_equal`` says of all others which are equal. ``height`` is that of
    a panel in inches, none = the usual one. ``section`` is the anchor of study.report.sections where it belongs.
    """

    title: str
    needs: str
    points: Callable[[Study], pl.DataFrame]
    draw: Draw
    spread: Callable[[Study, pl.DataFrame], str]
    shown: tuple[str, ...]
    panels: Callable[[Study], int] = lambda study: 1
    held_equal: Callable[[pl.DataFrame, Sequence[str]], str] = held_equal
    height: Callable[[pl.DataFrame], float | None] = lambda points: None
    section: str = "scaling"


def seeds(points: pl.DataFrame) -> str:
    """How many seeds a point rests on: one line."""
    counts = sorted(set(points["n"].to_list()))
    single = points.filter(pl.col("n") == 1).height
    if counts == [1]:
        return "Every point is one run (n = 1), so the spread between seeds is not known."
    most = (
        str(counts[-1])
        if counts[-2:] == [1, counts[-1]] or len(counts) == 1
        else f"{max(2, counts[0])} to {counts[-1]}"
    )
    line = f"Bars: ± 1 standard deviation over {most} seeds."
    return f"{line} {words.plural(single, 'point')} without a bar: one seed (n = 1)." if single else line
