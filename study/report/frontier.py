"""The Pareto front over cost, measured hours or training FLOPs: settings that no equally cheap one beats."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes

from study.report import axes, marks, words
from study.report.choice import unbeaten
from study.report.figure import Figure, seeds
from study.report.labels import Label, name_points
from study.report.palette import INK, Scale
from study.report.spots import Spots
from study.report.study import Study

LETTERS = 32  # of a name beside a point
HOURS, FLOPS = "gpu_hours", "train_flops"


def cost(study: Study) -> str:
    """The column that the front is over: hours, unless less than half of the settings state them and more FLOPs."""
    hours, flops = ((study.settings[name].fill_null(0) > 0).sum() for name in (HOURS, FLOPS))
    return FLOPS if 2 * hours < study.settings.height and flops > hours else HOURS


def rule(study: Study) -> str:
    """Why the front is over FLOPs, if it is: a sentence."""
    if cost(study) == HOURS:
        return ""
    hours = study.settings.filter(pl.col(HOURS) > 0).height
    flops, of = points(study).height, words.plural(study.settings.height, "setting")
    return f"By training FLOPs, which {flops:,} of {of} state: less than half ({hours:,}) state hours."


def points(study: Study) -> pl.DataFrame:
    """All settings with a known cost, cheapest first, and whether each is on the front."""
    known = study.settings.filter(pl.col(cost(study)) > 0)
    ordered = known.sort([cost(study), "score"], descending=[False, True])
    return ordered.with_columns(unbeaten("score").alias("on_front"))


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> list[Spots]:
    """Dots by family, those off the front faint; the front as steps, its corners named where there is room."""
    ax, scale, x = panels[0], study.scales.family, cost(study)
    front, others = table.filter(pl.col("on_front")), table.filter(~pl.col("on_front"))
    ax.plot(front[x].to_list(), front["score"].to_list(), color=INK.light, linewidth=1, drawstyle="steps-post")
    parts = ((others, 0.35), (front, 1.0))
    spots = [marks.points(ax, part, x, "score", "family", scale, alpha) for part, alpha in parts if len(part)]
    marks.beside(ax, table)
    _cost_axis(ax, x)
    axes.scores_axis(ax, table["score"])
    told = "training FLOPs" if x == FLOPS else f"measured {words.time_unit(study.runs)}"
    axes.name_axes(ax, f"{told} of a run", f"{words.metric(study.target.metric)}, {study.target.dataset}")
    name_points(ax, _named(front, x, scale), [Label(at, y, "") for at, y in table.select(x, "score").iter_rows()])
    if table["family"].n_unique() > 1:
        marks.name_families(ax, scale, table["family"])
    return spots


def _cost_axis(ax: Axes, x: str) -> None:
    if x == FLOPS:
        axes.flops_axis(ax)
    else:
        axes.hours_axis(ax, "x")


def _named(front: pl.DataFrame, x: str, scale: Scale) -> list[Label]:
    """The corners of the front, dearest first: each by what it is, once where it is the same as the one before."""
    telling = [name for name in ("arch", "strategy_label") if front[name].n_unique() > 1] or ["arch"]
    found = [
        Label(row[x], row["score"], _short(" · ".join(row[name] for name in telling)),
              scale.colour(row["family"]))
        for row in front.reverse().iter_rows(named=True)
    ]  # fmt: skip
    return [label for place, label in enumerate(found) if not place or label.text != found[place - 1].text]


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def spread(study: Study, table: pl.DataFrame) -> str:
    """Seeds; the front is one of means."""
    lines = f"{seeds(table)} Line: the best mean for its cost; faint: beaten by a setting that costs no more."
    return " ".join(filter(None, [lines, rule(study)]))


FIGURE = Figure(
    title="What a score costs: the Pareto front",
    needs="a completed run with a score and a measured cost, or counted FLOPs",
    points=points,
    draw=draw,
    spread=spread,
    shown=(),
    section="frontier",
)
