"""The Pareto front over cost: settings that no cheaper or equally cheap one beats."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes

from study.report import axes, marks, words
from study.report.figure import Figure, seeds
from study.report.palette import INK
from study.report.study import Study


def points(study: Study) -> pl.DataFrame:
    """All settings with a measured cost, cheapest first, and whether each is on the front."""
    known = study.settings.filter(pl.col("gpu_hours") > 0)
    ordered = known.sort(["gpu_hours", "score"], descending=[False, True])
    before = pl.col("score").cum_max().shift(1)
    return ordered.with_columns((before.is_null() | (pl.col("score") > before)).alias("on_front"))


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> None:
    """Dots by family, those off the front faint; the front as steps, its corners named."""
    ax, scale = panels[0], study.scales.family
    front, others = table.filter(pl.col("on_front")), table.filter(~pl.col("on_front"))
    ax.plot(
        front["gpu_hours"].to_list(), front["score"].to_list(), color=INK.light, linewidth=1, drawstyle="steps-post"
    )
    for part, alpha in ((others, 0.35), (front, 1.0)):
        if part.height:
            marks.points(ax, part, "gpu_hours", "score", "family", scale, alpha)
    marks.beside(ax, table)
    axes.hours_axis(ax, "x")
    ax.set_ylim(0, None)
    axes.percent_axis(ax)
    unit = words.time_unit(study.runs)
    axes.name_axes(ax, f"measured {unit} of a run", f"{words.metric(study.target.metric)}, {study.target.dataset}")
    marks.name_families(ax, scale, table["family"])


def spread(study: Study, table: pl.DataFrame) -> str:
    """Seeds; the front is one of means."""
    return f"{seeds(table)} Line: the best mean for its cost; faint: beaten by a setting that costs no more."


FIGURE = Figure(
    title="What a score costs: the Pareto front",
    needs="a completed run with a score and a measured cost",
    points=points,
    draw=draw,
    spread=spread,
    shown=(),
)
