"""Colours for both themes: a light one, a dark one and a name that the page's style sheet knows.

Series start from the Okabe-Ito set (jfly.uni-koeln.de/color), told apart by colour-blind readers, and are darkened
for white paper and lightened for dark, to a contrast of at least 4.5 for text in the colour itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Colour:
    """A colour under both themes; ``light`` is unique, so that it can be replaced by ``var(--name)``."""

    name: str
    light: str
    dark: str


PAPER = Colour("paper", "#fefefd", "#14171c")
INK = Colour("ink", "#1c2128", "#e8eaed")
MUTED = Colour("muted", "#5f6874", "#9aa4b1")
LINE = Colour("line", "#dfe3e8", "#30363f")
SURFACE = Colour("surface", "#f4f5f7", "#1b2027")
SERIES = (
    Colour("series-1", "#0068a8", "#56b4e9"),
    Colour("series-2", "#b34700", "#ff9a5c"),
    Colour("series-3", "#00735a", "#3fd0a4"),
    Colour("series-4", "#9b3f87", "#e59bd3"),
    Colour("series-5", "#7a5c00", "#e8c44a"),
    Colour("series-6", "#b3263d", "#ff8f9d"),
    Colour("series-7", "#3f4fae", "#a5b1ff"),
    Colour("series-8", "#5a5a5a", "#bdbdbd"),
)
QUALITIES = (
    Colour("quality-1", "#667085", "#a3acba"),
    Colour("quality-2", "#6a3fc4", "#b49cff"),
    Colour("quality-3", "#a8327d", "#f08cc5"),
    Colour("quality-4", "#1f7a6f", "#69d3c6"),
    Colour("quality-5", "#8a5a12", "#d9a860"),
    Colour("quality-6", "#2f6db3", "#7fb6f0"),
    Colour("quality-7", "#a8402f", "#f29a86"),
    Colour("quality-8", "#4b6b1f", "#a6cf6b"),
)
ALL = (PAPER, INK, MUTED, LINE, SURFACE, *SERIES, *QUALITIES)
NOT_STATED = "not stated"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<", ">", "h")  # as many as share no factor with the colours


@dataclass(frozen=True)
class Scale:
    """A colour and a marker for each value of a column, the same in every figure of a study."""

    colours: dict[str, str]
    markers: dict[str, str]

    def colour(self, value: object) -> str:
        """The light colour of a value; null has one, too."""
        return self.colours[NOT_STATED if value is None else str(value)]

    @classmethod
    def of(cls, values: Iterable[str], colours: Sequence[Colour]) -> Scale:
        """Give colours in the order of ``values``; after the last colour they start again, markers do not."""
        names = list(values)
        return cls(
            colours={name: colours[index % len(colours)].light for index, name in enumerate(names)},
            markers={name: MARKERS[index % len(MARKERS)] for index, name in enumerate(names)},
        )


@dataclass(frozen=True)
class Scales:
    """The study's scales: architecture families, strategies, qualities."""

    family: Scale
    strategy: Scale
    quality: Scale

    @classmethod
    def of(cls, runs: pl.DataFrame) -> Scales:
        """By all runs, failed ones too, so that a run that completes later changes no colour."""
        by_share = runs.select("quality", "quality_share").unique().sort("quality_share", "quality", descending=True)
        return cls(
            family=Scale.of(_sorted(runs["family"]), SERIES),
            strategy=Scale.of(_sorted(runs["strategy_label"]), SERIES[4:] + SERIES[:4]),
            quality=Scale.of(by_share["quality"].fill_null(NOT_STATED).unique(maintain_order=True), QUALITIES),
        )


def _sorted(column: pl.Series) -> list[str]:
    return column.fill_null(NOT_STATED).unique().sort().to_list()


def with_variables(text: str) -> str:
    """Replace each light colour in an SVG by its variable, so that the page's theme decides."""
    for colour in ALL:
        text = text.replace(colour.light, f"var(--{colour.name})")
    return text
