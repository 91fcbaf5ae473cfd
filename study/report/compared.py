"""Strategies ranked at equal samples seen and at equal training FLOPs, a panel each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from study.report import axes, labels, words
from study.report.figure import Figure, held_equal
from study.report.palette import INK, MUTED, PAPER
from study.report.spots import Spots
from study.report.study import Study
from study.summary.compare import BASELINE
from study.summary.equal import EQUAL, FLOPS, SAMPLES

ROW, FRAME = 0.37, 0.95  # inches that a strategy takes, and that title, axis and its name take
ABOVE, BELOW = -0.22, 0.18  # of a row's middle, in rows: its name, its marks
LETTERS = 40  # of a name; more would run into the score beside it
BEYOND = ("better", "worse")


def points(study: Study) -> pl.DataFrame:
    """The largest group of each kind of equality, on the data and architecture with the most strategies compared."""
    table = study.compared
    if not table.height:
        return table
    counted = table.group_by(EQUAL, maintain_order=True).agg(
        pl.col("strategy_label").n_unique().alias("most"), pl.len()
    )
    most = counted.sort("most", "len", descending=True, maintain_order=True)
    part = table.join(most.head(1), on=EQUAL, how="semi", nulls_equal=True)
    return part.filter(pl.col("group") == pl.col("group").min().over("equal")).sort("group", "rank")


def draw(study: Study, table: pl.DataFrame, panels: Sequence[Axes]) -> list[Spots]:
    """A row a strategy, best mean first: seeds, mean, interval; a line at the baseline's mean; limits shared."""
    spots = []
    for ax, part in zip(panels, table.partition_by("group", maintain_order=True), strict=True):
        for place, row in enumerate(part.iter_rows(named=True)):
            _row(ax, place, row, study.scales.strategy.colour(row["strategy_label"]))
        for mean in part.filter(pl.col("verdict") == BASELINE)["score"]:
            ax.axvline(mean, color=MUTED.light, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
        ax.set_ylim(part.height - 0.5, -0.6)
        ax.set_yticks([])
        ax.grid(axis="x")
        ax.set_xlim(_limits(table))
        axes.percent_axis(ax, axis="x")
        axes.name_axes(ax, f"{words.metric(study.target.metric)}, {study.target.dataset}", f"equal {held(part)}")
        spots.append(Spots(ax, part, part["score"].to_list(), [place + BELOW for place in range(part.height)]))
    return spots


def _limits(table: pl.DataFrame) -> tuple[float, float]:
    ends = table.select(pl.concat_list("low", "high", "values").explode().drop_nulls().alias("end"))["end"]
    low, high = float(str(ends.min())), float(str(ends.max()))
    room = 0.06 * (high - low) or 0.01
    return low - room, high + room


def _row(ax: Axes, place: int, row: dict[str, Any], colour: str) -> None:
    mark, score = place + BELOW, row["score"]
    ax.plot(row["values"], [mark] * row["n"], "o", color=colour, markersize=2.6, alpha=0.55, zorder=2)
    if row["low"] is not None:
        ax.plot([row["low"], row["high"]], [mark] * 2, color=colour, linewidth=1.6, zorder=2)
    hollow = row["verdict"] not in (*BEYOND, BASELINE)
    ax.plot(
        score, mark, "D" if row["verdict"] == BASELINE else "o", markersize=6.5, zorder=3,
        markeredgecolor=colour, markerfacecolor=PAPER.light if hollow else colour, markeredgewidth=1.4,
    )  # fmt: skip
    name = row["strategy_label"]
    short = name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"
    beside: dict[str, Any] = {
        "transform": ax.get_yaxis_transform(), "va": "center", "fontsize": "small", "zorder": 1.5,
        "bbox": labels.BEHIND,
    }  # fmt: skip
    ax.text(0, place + ABOVE, short, color=colour, fontweight="bold", **beside)
    ax.text(1, place + ABOVE, words.percent(score), color=INK.light, ha="right", **beside)


def held(part: pl.DataFrame) -> str:
    """What the settings of a group are equal in, with its value: samples seen (16,384)."""
    kind = part["equal"][0]
    return f"{words.column(kind)} ({words.value(kind, part[kind].median())})"


def varied(study: Study, part: pl.DataFrame) -> str | None:
    """What else tells this group apart from the study's others, in words."""
    known = ((name, one) for name in study.compared_by if (one := part[name][0]) is not None)
    said = (one if isinstance(one, str) else f"{words.column(name)} {words.value(name, one)}" for name, one in known)
    return " · ".join(said) or None


def equal(points: pl.DataFrame, shown: Sequence[str]) -> str:
    """What each panel holds equal and what it does not; once where it is the same for both."""
    parts = points.partition_by("group", maintain_order=True)
    places = [f"At equal {held(part)}, {_free(part)}" for part in parts]
    lines = [held_equal(part, shown) for part in parts]
    if len(set(lines)) == 1:
        return f"{'. '.join(places)}. {lines[0]}"
    return " ".join(f"{place}. {line}" for place, line in zip(places, lines, strict=True))


def _free(part: pl.DataFrame) -> str:
    """The range of what the other kind of equality would hold equal."""
    other = FLOPS if part["equal"][0] == SAMPLES else SAMPLES
    known = part[other].drop_nulls().sort()
    if not len(known):
        return f"{words.column(other)} are not known"
    ends = dict.fromkeys(words.value(other, known[place]) for place in (0, -1))
    return f"{words.column(other)} are {' to '.join(ends)}"


def spread(study: Study, table: pl.DataFrame) -> str:
    """Seeds, intervals, and what a mark says of the difference to the baseline."""
    to = study.baseline
    line = _seeds(table)
    if table["low"].count():
        line += " Whiskers: 90 % interval of the mean, by the spread of seeds over all settings."
    if BASELINE in table["verdict"]:
        line += f" Diamond and dotted line: {to}, the baseline."
    if table["p"].count():
        line += (
            " Filled: better or worse than the baseline by more than seeds differ (paired by seed, corrected for "
            "their number, 10 %); hollow: not told apart."
        )
    return line


def _seeds(table: pl.DataFrame) -> str:
    counts = sorted({*table["n"]})
    if counts == [1]:
        return "Every dot is one run (n = 1), so which differences are more than chance is not known."
    seeds = words.plural(counts[0], "seed") if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"
    return f"Large dots: means of {seeds}; small ones: the seeds."


def height(points: pl.DataFrame) -> float:
    """Inches of a panel."""
    return FRAME + ROW * float(str(points["rank"].max()))


FIGURE = Figure(
    title="Strategies, ranked",
    needs="two or more strategies that are equal in samples seen or training FLOPs, and in all but their optimiser",
    points=points,
    draw=draw,
    spread=spread,
    shown=("strategy_label", "samples_seen"),
    panels=lambda study: points(study)["group"].n_unique(),
    held_equal=equal,
    height=height,
    section="strategies",
)
