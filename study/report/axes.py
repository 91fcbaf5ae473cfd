"""Axes as the report draws them: FLOPs, hours, counts, percentages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from study.report import words
from study.report.palette import MUTED

FINER = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))  # steps of a decade
MOST_TICKS = 7
LETTER = 5.2  # points of a letter beside an axis
SECOND, MINUTE = 1 / 3600, 1 / 60  # in hours
TIME_STEPS = ((1, 10), (1, 3, 10, 30), (1, 2, 5, 10, 20, 30), (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 25, 30, 40, 50))
HOUR_POWERS = 7  # of ten: up to ten million hours
FROM_ZERO = 0.4  # of the highest score: with one below it, an axis starts at 0


def name_axes(ax: Axes, x: str, y: str) -> None:
    """Name both axes; the vertical one on top, where it is read without turning the head."""
    ax.set_xlabel(x)
    ax.set_ylabel("")
    ax.set_title(y, loc="left", color=MUTED.light)


def flops_axis(ax: Axes) -> None:
    """A logarithmic axis of FLOPs, or of anything large."""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(round_ticks(*ax.get_xlim())))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.power_of_ten(value).replace(".0 ", " ")))
    ax.xaxis.set_minor_formatter(NullFormatter())


def round_ticks(low: float, high: float) -> list[float]:
    """Round values from ``low`` to ``high`` (above 0) for a logarithmic axis: at least three if there are, and few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for steps in FINER:
        found = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(found) >= 3:
            break
    return found[:: math.ceil(len(found) / MOST_TICKS)] if found else found


def hours_axis(ax: Axes, axis: str) -> None:
    """A logarithmic axis of hours, in the unit that reads best."""
    chosen = ax.xaxis if axis == "x" else ax.yaxis
    (ax.set_xscale if axis == "x" else ax.set_yscale)("log")
    chosen.set_major_locator(FixedLocator(round_times(*(ax.get_xlim() if axis == "x" else ax.get_ylim()))))
    chosen.set_major_formatter(FuncFormatter(lambda value, _: words.duration(value)))
    chosen.set_minor_locator(NullLocator())


def round_times(low: float, high: float) -> list[float]:
    """Round hours, minutes and seconds from ``low`` to ``high`` hours: at least three if there are, and few."""
    found: list[float] = []
    for steps in TIME_STEPS:
        short = [unit * step for unit in (SECOND, MINUTE) for step in steps]
        hours = [step * 10.0**power for power in range(HOUR_POWERS) for step in steps if step < 10]
        found = [time for time in (*short, *hours) if low <= time <= high]
        if len(found) >= 3:
            break
    return found[:: math.ceil(len(found) / MOST_TICKS)] if found else found


def scores_axis(ax: Axes, scores: Iterable[float]) -> None:
    """A vertical axis of scores as percentages: from 0, unless all scores are far from it and the marks too."""
    low, high = min(scores), max(scores)
    if ax.get_ylim()[0] <= 0 or low < FROM_ZERO * high:
        ax.set_ylim(0, None)
    percent_axis(ax)


def counts_axis(ax: Axes, values: Sequence[float]) -> None:
    """A logarithmic axis with ticks at the values that occur, of those that have room the largest first."""
    ax.set_xscale("log")
    low, high = (math.log(end) for end in ax.get_xlim())
    points = 72 * ax.bbox.width / ax.figure.dpi / (high - low)
    ax.xaxis.set_major_locator(FixedLocator(with_room(values, points)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.count(value)))
    ax.xaxis.set_minor_locator(NullLocator())


def with_room(values: Sequence[float], scale: float) -> list[float]:
    """The values whose words do not run into each other, at ``scale`` points for each factor of e."""
    kept: list[float] = []
    for value in sorted(values, reverse=True):
        letters = (len(words.count(value)) + len(words.count(kept[-1]))) / 2 + 1 if kept else 0
        if not kept or scale * math.log(kept[-1] / value) >= LETTER * letters:
            kept.append(value)
    return kept[::-1]


def percent_axis(ax: Axes, log: bool = False, axis: str = "y") -> None:
    """An axis of shares as percentages; ticks at round values on a logarithmic vertical one too."""
    if log:
        low, high = ax.get_ylim()
        ax.set_yscale("log")
        ax.set_ylim(low, high)
        ax.yaxis.set_major_locator(FixedLocator(list(MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high))))
        ax.yaxis.set_minor_locator(NullLocator())
    chosen = ax.xaxis if axis == "x" else ax.yaxis
    if axis == "x":
        chosen.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))  # words side by side need more room
    chosen.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
