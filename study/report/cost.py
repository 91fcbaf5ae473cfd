"""Planned beside measured cost, a dot a run."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes

from study.report import axes, marks, words
from study.report.figure import Figure
from study.report.palette import MUTED
from study.report.spots import Spots
from study.report.study import Study
from study.summary.runs import spent_hours


def points(study: Study) -> pl.DataFrame:
    """Completed runs with both a predicted and a measured cost."""
    known = study.completed.filter(pl.col("gpu_hours") > 0, pl.col("predicted_gpu_hours") > 0)
    known = known.with_columns(spent_hours().alias("gpu_hours"))
    return known.with_columns(pl.lit(None, dtype=pl.Float64).alias("sd"), pl.lit(1).alias("n"))


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> list[Spots]:
    """Measured over predicted; on the diagonal the plan was right; bars span the predicted range."""
    ax, scale = panels[0], study.scales.family
    ranges = table.drop_nulls("predicted_gpu_hours_low")
    low, high = (ranges[f"predicted_gpu_hours_{end}"].to_list() for end in ("low", "high"))
    colours = [scale.colour(family) for family in ranges["family"]]
    many = ranges.height > marks.MANY
    ax.hlines(ranges["gpu_hours"].to_list(), low, high, colours, linewidth=1, alpha=0.4, zorder=1, rasterized=many)
    spots = marks.points(ax, table, "predicted_gpu_hours", "gpu_hours", "family", scale)
    known = [*table["gpu_hours"], *table["predicted_gpu_hours"]]
    ends = [min(known) / 1.5, max(known) * 1.5]
    ax.plot(ends, ends, color=MUTED.light, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    axes.hours_axis(ax, "x")
    axes.hours_axis(ax, "y")
    unit = words.time_unit(study.runs)
    axes.name_axes(ax, f"predicted {unit} of a run", f"measured {unit} of a run")
    marks.name_families(ax, scale, table["family"])
    return [spots]


def spread(study: Study, table: pl.DataFrame) -> str:
    """Each dot is one run."""
    dots = f"Each dot is one of {words.plural(table.height, 'run')}"
    return f"{dots}, scoring included; bars: the predicted range; dotted: planned = measured."


FIGURE = Figure(
    title="Planned and measured cost",
    needs="a completed run with a predicted and a measured cost",
    points=points,
    draw=draw,
    spread=spread,
    shown=(),
    section="cost",
)
