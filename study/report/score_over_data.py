"""Score against the number of pairs by data quality, in both retrieval directions."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes

from study.report import axes, marks, words
from study.report.choice import largest_slice, told
from study.report.figure import Figure, seeds
from study.report.labels import Label, label_ends
from study.report.palette import NOT_STATED
from study.report.spots import Spots
from study.report.study import Study
from study.summary.headline import Headline
from study.summary.settings import settings

EQUAL = (
    "source", "pretrain_data", "arch", "strategy_label", "samples_seen", "global_batch_size", "image_size", "lr",
    "other_settings",
)  # fmt: skip

SHOWN_OF = ("source", "pretrain_data", "arch", "strategy_label", "samples_seen")  # of these, what a reader is told


def points(study: Study) -> pl.DataFrame:
    """Settings of the architecture and budget with the most data sizes and qualities, a row a direction."""
    chosen = largest_slice(
        study.settings.filter(pl.col("unique_pairs").is_not_null()), EQUAL, ("unique_pairs", "quality")
    )
    tables = [
        settings(study.runs, study.scores, Headline(study.target.dataset, metric))
        .join(chosen.select("setting"), on="setting", how="semi")
        .with_columns(pl.lit(metric).alias("metric"))
        for metric in study.directions
    ]
    found = pl.concat(tables)
    return found if _compares(chosen) else found.clear()


def _compares(part: pl.DataFrame) -> bool:
    """Whether one quality has several sizes, or one size several qualities: else two things change at once."""
    pairs = (("quality", "unique_pairs"), ("unique_pairs", "quality"))
    return any((part[one].n_unique() < part.select(one, other).n_unique()) for one, other in pairs)


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> list[Spots]:
    """A panel a direction, a line a quality; both panels share their limits."""
    spots = []
    highest = (table["score"] + table["sd"].fill_null(0)).max()
    for ax, metric in zip(panels, study.directions, strict=True):
        spots.append(_panel(ax, study, table.filter(pl.col("metric") == metric)))
        ax.set_ylim(0, 1.12 * float(str(highest)))
        axes.percent_axis(ax)
        axes.name_axes(ax, "pairs in the training set", f"{words.metric(metric)}, {study.target.dataset}")
    return spots


def _panel(ax: Axes, study: Study, table: pl.DataFrame) -> Spots:
    scale, ends = study.scales.quality, []
    for (quality,), part in table.sort("unique_pairs").group_by("quality", maintain_order=True):
        colour = scale.colour(quality)
        ax.plot(part["unique_pairs"].to_list(), part["score"].to_list(), color=colour, linewidth=1.6, zorder=2)
        ends.append(Label(part["unique_pairs"][-1], part["score"][-1], str(quality or NOT_STATED), colour))
    spots = marks.points(ax, table, "unique_pairs", "score", "quality", scale)
    marks.beside(ax, table)
    axes.counts_axis(ax, sorted(set(table["unique_pairs"])))
    label_ends(ax, ends)
    return spots


def spread(study: Study, table: pl.DataFrame) -> str:
    """Seeds."""
    known = study.settings.filter(pl.col("unique_pairs").is_not_null())
    chosen = table.filter(pl.col("metric") == study.target.metric)
    return " ".join(filter(None, [seeds(table), told(known, chosen, SHOWN_OF)]))


FIGURE = Figure(
    title="Score against the size of the data, by quality",
    needs="runs that differ in the number or the quality of pairs and in nothing else",
    points=points,
    draw=draw,
    spread=spread,
    shown=("unique_pairs", "quality"),
    panels=lambda study: len(study.directions),
    section="data",
)
