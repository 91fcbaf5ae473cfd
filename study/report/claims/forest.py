"""Forest plots of the effects that claims are about: one for differences of scores, one for ratios of costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from study.report import axes, canvas, labels, words
from study.report.canvas import Drawing
from study.report.claims.words import RATIO, Kind, asked, effect, interval
from study.report.palette import INK, LINE, MUTED, PAPER, SERIES
from study.report.spots import Row, Spots
from study.summary.verdicts import FAILS, HOLDS, UNKNOWN

ROW, FRAME = 0.52, 0.85  # inches that a part takes, and that title, axis and its name take
NAME, MARK = -0.2, 0.16  # of a row's middle, in rows: its words, its marks
LETTERS = (36, 84)  # of a label, at the narrow and the wide width; more would run into the effect beside it
LOOKS = {HOLDS: (SERIES[2].light, "o"), FAILS: (SERIES[1].light, "s"), UNKNOWN: (MUTED.light, "o")}
BESIDE: dict[str, Any] = {"va": "center", "fontsize": "small", "zorder": 4}


def drawing(kind: Kind, parts: pl.DataFrame) -> Drawing:
    """Draw the parts of one unit, which must not be none, at both widths."""
    height = FRAME + ROW * parts.height
    return canvas.drawing(kind.name, kind.title, (height, height), 1, lambda panels: [_draw(kind, parts, panels[0])])


def _draw(kind: Kind, parts: pl.DataFrame, ax: Axes) -> Spots:
    rows = parts.to_dicts()
    low, high = _limits(kind, rows)
    ax.set_ylim(len(rows) - 0.5, -0.6)
    ax.set_yticks([])
    ax.grid(axis="x")
    if kind is RATIO:
        ax.set_xscale("log")
    ax.set_xlim(low, high)
    _ticks(kind, ax)
    for place, row in enumerate(rows):
        _row(ax, place, row)
    axes.name_axes(ax, kind.axis, "")
    return Spots(ax, parts, parts["effect"].to_list(), [place + MARK for place in range(len(rows))], _said)


def _said(part: Row) -> list[str]:
    row = dict(part)
    told = f"{interval(row)}, claimed {asked(row)}"
    return [row["label"], told, f"{words.plural(row['pairs'], 'pair')} of runs, p = {words.number(row['part_p'])}"]


def _row(ax: Axes, place: int, row: dict[str, Any]) -> None:
    """Words above; below them the claimed side, the seeds, the interval and the mean."""
    (colour, marker), mark = LOOKS[row["verdict"]], place + MARK
    claimed = (row["threshold"], ax.get_xlim()[1] if row["above"] else ax.get_xlim()[0])
    ax.plot(claimed, [mark] * 2, color=LINE.light, linewidth=9, solid_capstyle="butt", zorder=1)
    ax.plot([row["threshold"]] * 2, [mark - 0.17, mark + 0.17], color=MUTED.light, linewidth=1.2, zorder=2)
    ax.plot(row["effects"], [mark] * len(row["effects"]), "o", color=colour, markersize=2.6, alpha=0.55, zorder=2)
    if row["low"] is not None:
        ax.plot([row["low"], row["high"]], [mark] * 2, color=colour, linewidth=1.6, zorder=3)
    face = PAPER.light if row["verdict"] == UNKNOWN else colour
    ax.plot(
        row["effect"], mark, marker, color=colour, markerfacecolor=face, markersize=6.5, markeredgewidth=1.4, zorder=4
    )
    letters = LETTERS[ax.figure.bbox.width > canvas.NARROW[0] * ax.figure.dpi]
    label = row["label"] if len(row["label"]) <= letters else f"{row['label'][: letters - 1]}…"
    at = ax.get_yaxis_transform()
    ax.text(0, place + NAME, label, color=colour, transform=at, bbox=labels.BEHIND, fontweight="bold", **BESIDE)
    told = effect(row["unit"], row["effect"])
    ax.text(1, place + NAME, told, color=INK.light, transform=at, ha="right", bbox=labels.BEHIND, **BESIDE)


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
