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
NAMES = ("run_id", "setting", "seed", "family", "predicted_gpu_hours_low", "predicted_gpu_hours_high", "on_front")
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
        words_of = ("SVG", "CSV", "LaTeX") if self.points else ("SVG",)
        return {word: f"figures/{self.name}.{ENDS[word]}" for word in words_of if self.drawing}

    @property
    def files(self) -> dict[str, str]:
        """Texts by their path beside the page: the drawing, and its points."""
        points = (csv(self.points.data), latex(self.points)) if self.points else ()
        texts = (self.drawing.file, *points) if self.drawing else ()
        return dict(zip(self.links.values(), texts, strict=True))


def drawn(figures: Iterable[Shown]) -> dict[str, str]:
    """The texts of ``figures/NAME.svg``, ``NAME.csv`` and ``NAME.tex``, by path, for each figure with a drawing."""
    return {path: text for shown in figures for path, text in shown.files.items()}


def pointed(name: str, title: str, points: pl.DataFrame) -> Table:
    """The points of a figure as a table: the columns of ``READ`` in words; as data all that they have, one value each.

    Of many points the data are what is drawn. Lists are joined by blanks: the runs behind a point, their seeds and
    their scores.
    """
    joined = (pl.col(column).list.eval(pl.element().cast(pl.String)).list.join(" ") for column in LISTS)
    flat = points.with_columns(one for one, column in zip(joined, LISTS, strict=True) if column in points.columns)
    known = [column for column in READ if column[0] in flat.columns]
    shown = table(name, title, "", known, flat)
    plain = [column for column, kind in flat.schema.items() if not kind.is_nested() and flat[column].count()]
    if shown.is_long:  # what else is known of a run or setting, the page's tables have
        kept = {*NAMES, *(column for column, _, _ in READ)}
        plain = [column for column in plain if column in kept]
    return replace(shown, data=flat.select(plain))
