"""Forest plots of the effects that claims are about: one for differences of scores, one for ratios of costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from study.report import axes, canvas, forest, words
from study.report.canvas import Drawing
from study.report.claims.words import RATIO, Kind, asked, effect, interval
from study.report.palette import LINE, MUTED, SERIES
from study.report.spots import Row, Spots
from study.summary.verdicts import FAILS, HOLDS

LOOKS = {HOLDS: (SERIES[2].light, "o"), FAILS: (SERIES[1].light, "s")}
OPEN = (MUTED.light, "o")  # neither for nor against, or a part of a claim of which another is not run


def drawing(kind: Kind, parts: pl.DataFrame) -> Drawing:
    """Draw the parts of one unit, which must not be none, at both widths."""
    heights = forest.heights(parts["label"].to_list())
    return canvas.drawing(kind.name, kind.title, heights, 1, lambda panels: [_draw(kind, parts, panels[0])])


def _draw(kind: Kind, parts: pl.DataFrame, ax: Axes) -> Spots:
    rows = parts.to_dicts()
    low, high = _limits(kind, rows)
    if kind is RATIO:
        ax.set_xscale("log")
    ax.set_xlim(low, high)
    _ticks(kind, ax)
    at = forest.draw(ax, [_effect(row) for row in rows])
    for place, row in zip(at, rows, strict=True):
        _claimed(ax, place, row)
    axes.name_axes(ax, kind.axis, "")
    return Spots(ax, parts, parts["effect"].to_list(), at, _said)


def _said(part: Row) -> list[str]:
    row = dict(part)
    told = f"{interval(row)}, claimed {asked(row)}"
    return [row["label"], told, f"{words.plural(row['pairs'], 'pair')} of runs, p = {words.number(row['part_p'])}"]


def _effect(row: dict[str, Any]) -> forest.Effect:
    colour, marker = LOOKS.get(row["verdict"], OPEN)
    told = effect(row["unit"], row["effect"])
    return forest.Effect(
        row["label"], told, row["effect"], row["low"], row["high"], row["effects"], colour, marker,
        filled=row["verdict"] in LOOKS,
    )  # fmt: skip


def _claimed(ax: Axes, at: float, row: dict[str, Any]) -> None:
    """The claimed side and where it begins."""
    claimed = (row["threshold"], ax.get_xlim()[1] if row["above"] else ax.get_xlim()[0])
    ax.plot(claimed, [at] * 2, color=LINE.light, linewidth=9, solid_capstyle="butt", zorder=1)
    ax.plot([row["threshold"]] * 2, [at - 0.17, at + 0.17], color=MUTED.light, linewidth=1.2, zorder=2)


def _limits(kind: Kind, rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """With room, and for differences with 0 and both of its sides."""
    ends = [end for row in rows for end in (row["threshold"], row["low"], row["high"], *row["effects"])]
    known = [end for end in ends if end is not None]
    if kind is RATIO:
        return min(known) / 1.25, max(known) * 1.25
    low, high = min(*known, 0.0), max(*known, 0.0)
    room = 0.1 * (high - low) or 0.01
    return low - room, high + room


def _ticks(kind: Kind, ax: Axes) -> None:
    if kind is RATIO:
        ax.xaxis.set_major_locator(FixedLocator(axes.round_ticks(*ax.get_xlim())))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.points(value)))
