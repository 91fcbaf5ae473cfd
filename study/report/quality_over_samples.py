"""Score of each data quality at equal samples seen, at one length of training after the other."""

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

SAME = ("source", "strategy_label")
EQUAL = (
    *SAME, "pretrain_data", "arch", "samples_seen", "global_batch_size", "image_size", "lr", "other_settings",
)  # fmt: skip


def points(study: Study) -> pl.DataFrame:
    """At each number of samples seen the comparison of the most qualities, each with the most pairs that it has."""
    whole = _known(study).sort("unique_pairs", descending=True, nulls_last=True)
    whole = whole.unique([*EQUAL, "quality"], keep="first", maintain_order=True)
    counted = whole.with_columns(pl.col("quality").n_unique().over(EQUAL).alias("qualities"))
    part = largest_slice(counted.filter(pl.col("qualities") > 1), SAME, ("quality", "samples_seen"))
    most = part.sort("qualities", "setting", descending=[True, False]).unique("samples_seen", keep="first")
    found = part.join(most.select(EQUAL), on=EQUAL, how="semi", nulls_equal=True)
    return (found if most.height > 1 else found.clear()).sort("samples_seen", "quality")


def _known(study: Study) -> pl.DataFrame:
    return study.settings.drop_nulls(["quality", "samples_seen"])


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> list[Spots]:
    """A line a quality, named at its end."""
    ax, scale, ends = panels[0], study.scales.quality, []
    for (quality,), part in table.group_by("quality", maintain_order=True):
        colour = scale.colour(quality)
        ax.plot(part["samples_seen"].to_list(), part["score"].to_list(), color=colour, linewidth=1.4, zorder=2)
        ends.append(Label(part["samples_seen"][-1], part["score"][-1], str(quality), colour))
    spots = marks.points(ax, table, "samples_seen", "score", "quality", scale)
    marks.beside(ax, table)
    axes.counts_axis(ax, sorted(set(table["samples_seen"])))
    axes.scores_axis(ax, table["score"])
    axes.name_axes(ax, "samples seen", f"{words.metric(study.target.metric)}, {study.target.dataset}")
    label_ends(ax, ends)
    return [spots]


def spread(study: Study, table: pl.DataFrame) -> str:
    """Seeds; what changes along a line."""
    along = [words.column(name) for name in ("pretrain_data", "arch") if table[name].n_unique() > 1]
    change = f" Along a line, {' and '.join(along)} change, too." if along else ""
    return f"{seeds(table)} At one number of samples all but the data's quality is equal.{change} " + told(
        _known(study), table, SAME
    )


FIGURE = Figure(
    title="Score by data quality, at equal samples seen",
    needs="two or more qualities at equal samples seen, for two or more lengths of training",
    points=points,
    draw=draw,
    spread=spread,
    shown=("quality", "samples_seen"),
    section="data",
)
