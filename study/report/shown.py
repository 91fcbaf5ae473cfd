"""A figure as a page shows it, and the files that come with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl
from markupsafe import Markup

from study.report import words
from study.report.canvas import Drawing
from study.report.export import csv, latex
from study.report.table import Column, Table, table

ENDS = {"SVG": "svg", "CSV": "csv", "LaTeX": "tex"}
LISTS = ("run_ids", "seeds", "values")  # of a setting's runs: in a file, but no column of a page
READ: tuple[Column, ...] = (
    ("arch", "architecture", words.text), ("strategy_label", "strategy", words.text),
    ("quality", "quality", words.text), ("unique_pairs", "pairs", words.count),
    ("samples_seen", "samples", words.count), ("other_settings", "other settings", words.text),
    ("metric", "metric", words.text), ("equal", "at equal", words.text), ("score", "score", words.percent),
    ("sd", "± sd", words.percent), ("n", "seeds", words.count), ("low", "90 % low", words.percent),
    ("high", "90 % high", words.percent), ("verdict", "verdict", words.text),
    ("train_flops", "FLOPs", words.power_of_ten), ("gpu_hours", "measured", words.duration),
    ("predicted_gpu_hours", "predicted", words.duration),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A figure of the page; without a drawing it says what is missing.

    ``section`` is where it belongs, ``points`` what it shows as a table, where that is no table of the page already.
    """

    name: str
    title: str
    needs: str
    drawing: Drawing | None
    held_equal: str
    spread: str
    section: str = ""
    points: Table | None = None

    @property
    def wide(self) -> Markup:
        """The drawing for a screen; its text was escaped when it was drawn."""
        return Markup(self.drawing.wide if self.drawing else "")

    @property
    def narrow(self) -> Markup:
        """The drawing for a phone."""
        return Markup(self.drawing.narrow if self.drawing else "")

    @property
    def spots(self) -> str:
        """What hover.js reads."""
        return self.drawing.spots if self.drawing else ""

    @property
    def links(self) -> dict[str, str]:
        """The paths of its files beside the page, by the word of their link."""
        own = {"SVG": f"figures/{self.name}.svg"} if self.drawing else {}
        if not own or not self.points:
            return own
        place = _same(self.points) if self.points.is_long else f"figures/{self.name}"
        return own | {word: f"{place}.{ENDS[word]}" for word in ("CSV", "LaTeX")}

    @property
    def files(self) -> dict[str, str]:
        """Texts by their path beside the page: the drawing, and its points."""
        points = (csv(self.points.data), latex(self.points)) if self.points and not self.points.is_long else ()
        texts = (self.drawing.file, *points) if self.drawing else ()
        return dict(zip(self.links.values(), texts, strict=False))


def drawn(figures: Iterable[Shown]) -> dict[str, str]:
    """The texts of ``figures/NAME.svg``, ``NAME.csv`` and ``NAME.tex``, by path, for each figure with a drawing."""
    return {path: text for shown in figures for path, text in shown.files.items()}


def _same(points: Table) -> str:
    """The table of the page that has the same rows as many points, without its ending: a page holds them once."""
    return f"tables/{'runs' if 'run_id' in points.data.columns else 'settings'}"


def pointed(name: str, title: str, points: pl.DataFrame) -> Table:
    """The points of a figure as a table: the columns of ``READ`` in words; as data all that they have, one value each.

    Lists are joined by blanks: the runs behind a point, their seeds and their scores.
    """
    joined = (pl.col(column).list.eval(pl.element().cast(pl.String)).list.join(" ") for column in LISTS)
    flat = points.with_columns(one for one, column in zip(joined, LISTS, strict=True) if column in points.columns)
    known = [column for column in READ if column[0] in flat.columns]
    shown = table(name, title, "", known, flat)
    plain = [column for column, kind in flat.schema.items() if not kind.is_nested() and flat[column].count()]
    return replace(shown, data=flat.select(plain))
