"""Rows of a forest plot: words above; below them single values, an interval and the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes

from study.report import canvas, labels
from study.report.palette import INK, PAPER

ROW, TALL = 0.52, 0.66  # inches that a row takes: with a line of words, with two
FRAME = 0.85  # that title, axis and its name take
NAME, MARK = -0.2, 0.16  # of a row's middle, in rows: its words, its marks
LETTERS = (84, 36)  # of a line of words, at the wide and the narrow width; more would run into the effect beside it
BESIDE: dict[str, Any] = {"va": "center", "fontsize": "small", "zorder": 4}


@dataclass(frozen=True)
class Effect:
    """A row: what it is called, what its effect is in words, and what is drawn; hollow where nothing is told."""

    label: str
    told: str
    middle: float
    low: float | None
    high: float | None
    values: Sequence[float]
    colour: str
    marker: str
    filled: bool


def heights(labels: Sequence[str]) -> tuple[float, float]:
    """Inches of rows with these words, at the wide and at the narrow width."""
    longest = max(map(len, labels), default=0)
    wide, narrow = (FRAME + (TALL if longest > letters else ROW) * len(labels) for letters in LETTERS)
    return wide, narrow


def draw(ax: Axes, effects: Sequence[Effect]) -> list[float]:
    """One below the other; the height of each row's marks in data coordinates. Limits of x are the caller's."""
    ax.set_ylim(len(effects) - 0.5, -0.6)
    ax.set_yticks([])
    ax.grid(True, axis="x")
    letters = LETTERS[bool(ax.figure.bbox.width <= canvas.NARROW[0] * ax.figure.dpi)]
    for place, effect in enumerate(effects):
        _marks(ax, place + MARK, effect)
        _words(ax, place + NAME, effect, letters)
    return [place + MARK for place in range(len(effects))]


def _marks(ax: Axes, at: float, effect: Effect) -> None:
    ax.plot(effect.values, [at] * len(effect.values), "o", color=effect.colour, markersize=2.6, alpha=0.55, zorder=2)
    if effect.low is not None and effect.high is not None:
        ax.plot([effect.low, effect.high], [at] * 2, color=effect.colour, linewidth=1.6, zorder=3)
    ax.plot(
        effect.middle, at, effect.marker, color=effect.colour, markersize=6.5, markeredgewidth=1.4, zorder=4,
        markerfacecolor=effect.colour if effect.filled else PAPER.light,
    )  # fmt: skip


def _words(ax: Axes, at: float, effect: Effect, letters: int) -> None:
    label = "\n".join(wrap(effect.label, letters, max_lines=2, placeholder=" …"))
    beside = {"transform": ax.get_yaxis_transform(), "bbox": labels.BEHIND, **BESIDE}
    ax.text(0, at, label, color=effect.colour, fontweight="bold", **beside)
    ax.text(1, at, effect.told, color=INK.light, ha="right", **beside)
