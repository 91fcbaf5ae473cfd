"""Error against training FLOPs by training strategy, for the architecture and data tried with most of them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes

from study.report import axes, marks, words
from study.report.choice import largest_slice, told
from study.report.figure import Figure, seeds
from study.report.labels import Label, label_ends
from study.report.spots import Spots
from study.report.study import Study

SAME = ("source", "pretrain_data", "arch", "unique_pairs", "quality")
PANEL, LEGEND_ROW = 3.6, 0.17  # inches
DIRECT = 4  # strategies that are named at the end of their line; of more, the names would hide each other


def points(study: Study) -> pl.DataFrame:
    """Settings of one architecture and one subset, under at least two strategies; else none."""
    known = study.settings.filter(pl.col("train_flops").is_not_null())
    several = pl.col("strategy_label").n_unique().over(SAME) > 1
    return largest_slice(known.filter(several), SAME, ("strategy_label", "train_flops"))


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> list[Spots]:
    """Dots with their spread, joined at the best of each compute, a colour a strategy."""
    ax, scale = panels[0], study.scales.strategy
    ends = []
    for (strategy,), part in table.sort("train_flops").group_by("strategy_label", maintain_order=True):
        colour = scale.colour(strategy)
        best = part.group_by("train_flops", maintain_order=True).agg(pl.col("score").max())
        ax.plot(best["train_flops"].to_list(), best["score"].to_list(), color=colour, linewidth=1.4, alpha=0.7)
        ends.append(Label(best["train_flops"][-1], best["score"][-1], str(strategy), colour))
    spots = marks.points(ax, table, "train_flops", "score", "strategy_label", scale)
    marks.beside(ax, table)
    axes.flops_axis(ax)
    axes.scores_axis(ax, table["score"])
    axes.name_axes(ax, "training FLOPs of a run", f"{words.metric(study.target.metric)}, {study.target.dataset}")
    if len(ends) <= DIRECT:
        label_ends(ax, ends)
    else:
        marks.name_below(ax, scale, table["strategy_label"])
    return [spots]


def spread(study: Study, table: pl.DataFrame) -> str:
    """Seeds; lines."""
    whole = study.settings.filter(pl.col("train_flops").is_not_null())
    return f"{seeds(table)} Lines join the best of each compute. {told(whole, table, SAME, ' with known FLOPs')}"


def height(table: pl.DataFrame) -> float | None:
    """Inches of a panel with its legend; none for the usual ones."""
    strategies = table["strategy_label"].n_unique()
    return PANEL + LEGEND_ROW * strategies if strategies > DIRECT else None


FIGURE = Figure(
    title="Score against training compute, by strategy",
    needs="one architecture trained with two or more strategies on the same data",
    points=points,
    draw=draw,
    spread=spread,
    shown=("strategy_label", "samples_seen"),
    height=height,
    section="scaling",
)
