"""Error against training FLOPs by architecture family, with the laws and their prediction intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from study.laws.curve import Curve, curve
from study.laws.stored import of_compute
from study.report import axes, marks, words
from study.report.choice import largest_slice, told, unbeaten
from study.report.figure import Figure, seeds
from study.report.labels import Label, label_ends, name_points
from study.report.palette import INK, NOT_STATED, Scale
from study.report.spots import Spots
from study.report.study import Study

SAME = ("source", "pretrain_data", "strategy_label", "quality")
STEPS = 48  # of a drawn curve
BEYOND = 3.0  # times the largest compute that a curve is drawn on, dashed


def _known(study: Study) -> pl.DataFrame:
    return study.settings.filter(pl.col("train_flops").is_not_null(), pl.col("score") < 1)


def _compared(part: pl.DataFrame) -> pl.DataFrame:
    """The part, or none of it where it has neither two families nor three amounts of compute: no scaling to see."""
    enough = part["family"].n_unique() > 1 or part["train_flops"].n_unique() > 2
    return part if enough else part.clear()


def points(study: Study) -> pl.DataFrame:
    """Settings of the strategy and quality most looked at: compute, error, whether it is on the front."""
    chosen = _compared(largest_slice(_known(study), SAME, ("family", "train_flops")))
    ordered = chosen.sort("train_flops", "score", "setting", descending=[False, True, False])
    return ordered.with_columns((1 - pl.col("score")).alias("error"), unbeaten("score", ["family"]).alias("on_front"))


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> list[Spots]:
    """Dots with their spread, faint where another of the family did better for no more; laws as bands."""
    ax, scale = panels[0], study.scales.family
    front, others = table.filter(pl.col("on_front")), table.filter(~pl.col("on_front"))
    parts = ((others, 0.3), (front, 1.0))
    spots = [
        marks.points(ax, part, "train_flops", "error", "family", scale, alpha) for part, alpha in parts if part.height
    ]
    marks.beside(ax, table, as_error=True)
    ax.set_ylim(_above_zero(ax.get_ylim(), table))
    laws = drawn_laws(study, table)
    ends = [_law(ax, law, scale.colour(law.group["family"]) if "family" in law.group else INK.light) for law in laws]
    ends += [
        _joined(ax, part, scale.colour(family))
        for (family,), part in table.group_by("family", maintain_order=True)
        if family not in {law.group.get("family") for law in laws}
    ]
    axes.flops_axis(ax)
    axes.percent_axis(ax, log=True)
    axes.name_axes(
        ax, "training FLOPs of a run", f"error: 1 − {words.metric(study.target.metric)}, {study.target.dataset}"
    )
    label_ends(ax, ends)
    name_points(
        ax, _named(front, scale), [Label(x, y, "") for x, y in table.select("train_flops", "error").iter_rows()]
    )
    return spots


def _above_zero(limits: tuple[float, float], table: pl.DataFrame) -> tuple[float, float]:
    """Limits for a logarithmic axis: errors that span widely have a margin, and bars of seeds, that go below 0."""
    least = table.select(pl.col("error").min()).item()
    return limits[0] if limits[0] > 0 else least / 1.2, limits[1]


def _named(front: pl.DataFrame, scale: Scale) -> list[Label]:
    """The architectures of a front that has several, each where it is first at its best."""
    several = front.filter(pl.col("arch").n_unique().over("family") > 1)
    first = several.unique(["family", "arch"], keep="first", maintain_order=True)
    return [
        Label(row["train_flops"], row["error"], row["arch"], scale.colour(row["family"]))
        for row in first.iter_rows(named=True)
    ]


def drawn_laws(study: Study, table: pl.DataFrame) -> list[Curve]:
    """The laws of the families shown; where no family has one, that of all families together."""
    target = (pl.col("dataset") == study.target.dataset) & (pl.col("metric") == study.target.metric)
    fitted = (curve(row) for row in of_compute(study.laws).filter(target).iter_rows(named=True))
    part = {name: table[name][0] for name in SAME}
    here = [law for law in fitted if law and all(law.group.get(name) == value for name, value in part.items())]
    of_family = sorted((law for law in here if "family" in law.group), key=lambda law: law.group["family"] or "")
    return of_family or here


def _law(ax: Axes, law: Curve, colour: str) -> Label:
    compute = np.geomspace(law.least / 1.2, law.most * BEYOND, STEPS)
    errors = [law.error({"train_flops": float(value)}) for value in compute]
    middle = [error.middle for error in errors]
    inside = compute <= law.most * 1.2
    ax.plot(compute[inside], np.array(middle)[inside], color=colour, linewidth=1.8, zorder=2)
    ax.plot(compute[~inside], np.array(middle)[~inside], color=colour, linewidth=1.4, linestyle=(0, (3, 2)), zorder=2)
    low, high = [error.low for error in errors], [error.high for error in errors]
    limits = ax.get_ylim()
    ax.fill_between(compute, low, high, color=colour, alpha=0.13, linewidth=0, zorder=1)
    ax.set_ylim(_room(limits, middle))
    return Label(float(compute[-1]), middle[-1], law.group.get("family", "law of all") or NOT_STATED, colour)


def _room(limits: tuple[float, float], middle: Sequence[float]) -> tuple[float, float]:
    """Limits that hold the points and the curves; a wide band may leave the picture."""
    low, high = min(limits[0], *middle), max(limits[1], *middle)
    return low * 0.98, min(high * 1.02, 1.02)


def _joined(ax: Axes, part: pl.DataFrame, colour: str) -> Label:
    """A family without a law: a thin line through its lowest error at each compute."""
    best = part.group_by("train_flops").agg(pl.col("error").min()).sort("train_flops")
    ax.plot(best["train_flops"].to_list(), best["error"].to_list(), color=colour, linewidth=1.0, alpha=0.6, zorder=1)
    return Label(best["train_flops"][-1], best["error"][-1], part["family"][0] or NOT_STATED, colour)


def spread(study: Study, table: pl.DataFrame) -> str:
    """Seeds, bands, faint points."""
    laws = drawn_laws(study, table)
    band = "Bands: 90 % prediction interval of a new run, dashed beyond the evidence." if laws else "No law: see Laws."
    doubt = " Provisional, see Laws." if any(law.provisional for law in laws) else ""
    beaten = "another run of its architecture family did better for no more compute"
    faint = "" if table["on_front"].all() else f" Faint: {beaten}."
    return " ".join(
        filter(None, [f"{seeds(table)} {band}{doubt}{faint}", told(_known(study), table, SAME, " with known FLOPs")])
    )


FIGURE = Figure(
    title="Error against training compute, by architecture",
    needs="runs with a score and counted FLOPs, of two architecture families or three amounts of compute",
    points=points,
    draw=draw,
    spread=spread,
    shown=("arch", "samples_seen", "unique_pairs"),
)
