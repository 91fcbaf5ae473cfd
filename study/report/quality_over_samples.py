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
ALONG = (*SAME, "pretrain_data", "arch", "global_batch_size", "image_size", "lr", "other_settings")
EQUAL = (*ALONG, "samples_seen")


def points(study: Study) -> pl.DataFrame:
    """At each number of samples seen the comparison of the most qualities, each with the most pairs that it has.

    All else is the same along the lines, too, where the study has that for two lengths of training.
    """
    whole = _known(study).sort("unique_pairs", descending=True, nulls_last=True)
    whole = whole.unique([*EQUAL, "quality"], keep="first", maintain_order=True)
    counted = whole.with_columns(pl.col("quality").n_unique().over(EQUAL).alias("qualities"))
    several = counted.filter(pl.col("qualities") > 1)
    parts = (largest_slice(several, same, ("quality", "samples_seen")) for same in (ALONG, SAME))
    part = next((part for part in parts if part["samples_seen"].n_unique() > 1), several.clear())
    most = part.sort("qualities", "setting", descending=[True, False]).unique("samples_seen", keep="first")
    return part.join(most.select(EQUAL), on=EQUAL, how="semi", nulls_equal=True).sort("samples_seen", "quality")


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
    verb = "changes" if len(along) == 1 else "change"
    change = f"Along a line, {' and '.join(along)} {verb}, too." if along else ""
    line = f"{seeds(table)} At one number of samples all but the data's quality is equal."
    return " ".join(filter(None, [line, change, told(_known(study), table, SAME if along else ALONG[:4])]))


FIGURE = Figure(
    title="Score by data quality, at equal samples seen",
    needs="two or more qualities at equal samples seen, for two or more lengths of training",
    points=points,
    draw=draw,
    spread=spread,
    shown=("quality", "samples_seen"),
    section="data",
)
