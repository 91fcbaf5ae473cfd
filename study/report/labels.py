"""Names written beside points and lines, in their colour, so that no eye has to travel to a legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from study.report.palette import INK, PAPER

LABEL_GAP, LETTER_WIDTH = 11.0, 5.5  # points between two labels, one above the other, and of a bold letter
# keeps a label readable where a line passes behind it; a stroke around the letters would turn text into paths
BEHIND = {"boxstyle": "square,pad=0.05", "facecolor": PAPER.light, "edgecolor": "none", "alpha": 0.9}
MARK = 4.0  # points from the middle of a mark to its edge
# where a name may stand: how far its nearer end is from the mark, in points, and which end that is
SIDES = ((7, 0, "left"), (-7, 0, "right"), (0, 11, "center"), (0, -11, "center"), (6, 9, "left"), (6, -9, "left"),
         (-6, 9, "right"), (-6, -9, "right"))  # fmt: skip
STARTS = {"left": 0.0, "center": 0.5, "right": 1.0}


class Label(NamedTuple):
    """Words at a point in data coordinates."""

    x: float
    y: float
    text: str
    colour: str = INK.light


class Box(NamedTuple):
    """Left, right, lower and upper end, in points."""

    left: float
    right: float
    low: float
    high: float

    def meets(self, other: Box) -> bool:
        """Whether both cover a place."""
        beside = self.left < other.right and other.left < self.right
        return beside and self.low < other.high and other.low < self.high


def label_ends(ax: Axes, labels: Sequence[Label]) -> None:
    """Put each label right of its point, in its colour, moved up until it covers no other label."""
    taken: list[tuple[float, float, float]] = []  # left, right, height of each label so far, in points
    at = dict(zip(labels, _places(ax, labels), strict=True))
    for label in sorted(labels, key=lambda label: at[label][1]):
        left, height = at[label]
        right, free = left + LETTER_WIDTH * len(label.text), height
        for other_left, other_right, other in taken:
            if left < other_right and other_left < right and abs(free - other) < LABEL_GAP:
                free = other + LABEL_GAP
        taken.append((left, right, free))
        _write(ax, label, 7, free - height, "left")


def name_points(ax: Axes, labels: Sequence[Label], points: Sequence[Label]) -> None:
    """Put each label on the first side of its point where it covers none of ``points`` and no name; else leave it out.

    Earlier labels have the first choice.
    """
    places = _places(ax, [*labels, *points]) if labels else []
    marks = [Box(x - MARK, x + MARK, y - MARK, y + MARK) for x, y in places]
    scale = 72 / ax.figure.dpi
    frame = Box(*(scale * end for end in (ax.bbox.x0, ax.figure.bbox.x1, ax.bbox.y0, ax.bbox.y1)))
    taken = list(marks)
    for label, place in zip(labels, places, strict=False):
        for box, side in _sides(label.text, *place):
            inside = frame.left <= box.left and box.right <= frame.right and frame.low <= box.low
            if inside and box.high <= frame.high and not any(box.meets(other) for other in taken):
                taken.append(box)
                _write(ax, label, *side)
                break


def _sides(text: str, x: float, y: float) -> Iterator[tuple[Box, tuple[float, float, str]]]:
    width = LETTER_WIDTH * len(text)
    for right, up, side in SIDES:
        left = x + right - STARTS[side] * width
        yield Box(left, left + width, y + up - LABEL_GAP / 2, y + up + LABEL_GAP / 2), (right, up, side)


def _places(ax: Axes, labels: Sequence[Label]) -> list[tuple[float, float]]:
    """Where points are, in points from the lower left of the drawing as it will be laid out."""
    canvas = ax.get_figure(root=True)
    layout = canvas.get_layout_engine() if canvas else None
    if canvas and layout:
        layout.execute(canvas)
    if not labels:
        return []
    found = ax.transData.transform(np.array([(label.x, label.y) for label in labels])) * 72 / ax.figure.dpi
    return [(float(x), float(y)) for x, y in found]


def _write(ax: Axes, label: Label, right: float, up: float, side: str) -> None:
    ax.annotate(
        label.text, (label.x, label.y), (right, up), textcoords="offset points", ha=side, va="center",
        color=label.colour, fontsize="small", fontweight="bold", annotation_clip=False, bbox=BEHIND, zorder=2.5,
    )  # fmt: skip
