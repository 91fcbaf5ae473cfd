"""The figures of two studies compared: a forest of differences, A against B, and all data sets and metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from study.report import axes, canvas, forest, words
from study.report.canvas import Drawing
from study.report.compare.words import labelled, measure, points
from study.report.palette import INK, MUTED, PAPER, SERIES
from study.report.shown import Shown
from study.report.spots import Row, Spots
from study.summary.changes import HIGHER, IDENTICAL, LOWER, ONE_SEED, SAME, Changes

LOOKS = {
    HIGHER: (SERIES[2].light, "o", True),
    LOWER: (SERIES[1].light, "s", True),
    SAME: (MUTED.light, "o", False),
    IDENTICAL: (INK.light, "D", True),
    ONE_SEED: (MUTED.light, "X", True),
    None: (MUTED.light, "o", False),
}
MOST, MOST_MEASURES = 40, 12  # rows of a forest
KEY = (
    "Green circle: higher in B; orange square: lower; hollow: not told apart; cross: one seed; diamond: identical, run "
    "by run. Verdicts by p corrected for all tests of the page."
)
SEEDS = "Small dots: pairs of runs with one seed. Bars: 90 % interval of the difference."


def figures(changes: Changes) -> Iterator[Shown]:
    """Those of the first measure, then the one over all measures."""
    where, rows = measure(changes.measures[0]), changes.of(changes.measures[0])
    shown, few = _largest(rows, MOST)
    held = f"{where}. Held equal: {', '.join(map(words.column, changes.matched_by))}."
    need = "a setting with a score in both studies"
    yield Shown(
        "differences", "B less A, setting by setting", need, _if(labelled(shown, changes), _differences),
        f"{few}{held}", f"{SEEDS} {KEY}",
    )  # fmt: skip
    yield Shown(
        "scores", "A against B", need, _if(labelled(rows, changes), _scores), held,
        f"On the line both score the same. Bars: ± 1 standard deviation over seeds. {KEY}",
    )  # fmt: skip
    largest, of_all = _largest(changes.overall, MOST_MEASURES)
    overall = largest.with_columns(pl.lit(None, pl.List(pl.Float64)).alias("gaps"))
    named = overall.with_columns(
        pl.struct("dataset", "metric").map_elements(_measure, return_dtype=pl.String).alias("label")
    )
    yield Shown(
        "measures", "B less A, by data set and metric", need, _if(named, _measures),
        f"{of_all}Mean over the settings that both have.",
        f"Bars: 90 % interval over settings, each counted once. {KEY} Hollow, too: not asked for, so not tested.",
    )  # fmt: skip


def _measure(row: Row) -> str:
    return f"{words.metric(row['metric'])} on {row['dataset']}"


def _largest(rows: pl.DataFrame, most: int) -> tuple[pl.DataFrame, str]:
    """The rows with the largest differences, in the order of their differences, and which they are of all."""
    largest = rows.sort(pl.col("difference").abs(), descending=True).head(most).sort("difference", descending=True)
    return largest, f"The {most} largest differences of {rows.height:,}. " if rows.height > most else ""


def _if(table: pl.DataFrame, draw: Callable[[pl.DataFrame], Drawing]) -> Drawing | None:
    return draw(table) if table.height else None


def _differences(rows: pl.DataFrame) -> Drawing:
    return _forest("differences", "B less A, setting by setting", rows.with_columns(_gaps(rows)))


def _measures(rows: pl.DataFrame) -> Drawing:
    return _forest("measures", "B less A, by data set and metric", rows)


def _gaps(rows: pl.DataFrame) -> pl.Series:
    """The differences seed by seed, where they were compared so."""
    found = [_by_seed(row) if row["method"] == "paired by seed" else [] for row in rows.iter_rows(named=True)]
    return pl.Series("gaps", found, pl.List(pl.Float64))


def _by_seed(row: Row) -> list[float]:
    ours, theirs = (dict(zip(row[f"seeds_{side}"], row[f"values_{side}"], strict=True)) for side in "ab")
    return [theirs[seed] - value for seed, value in ours.items()]


def _forest(name: str, title: str, rows: pl.DataFrame) -> Drawing:
    heights = forest.heights(rows["label"].to_list())
    return canvas.drawing(name, title, heights, 1, lambda panels: [_draw(panels[0], rows)])


def _draw(ax: Axes, rows: pl.DataFrame) -> Spots:
    ax.axvline(0, color=MUTED.light, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    effects = [_effect(row) for row in rows.iter_rows(named=True)]
    ends = [end for one in effects for end in (one.middle, one.low, one.high, *one.values) if end is not None]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    room = 0.08 * (high - low) or 0.01
    ax.set_xlim(low - room, high + room)
    at = forest.draw(ax, effects)
    ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    axes.name_axes(ax, "difference of scores, points", "")
    return Spots(ax, rows, rows["difference"].to_list(), at, _said)


def _tick(share: float) -> str:
    """Points with as many digits as the tick has."""
    return f"{round(100 * share, 6):+g}".replace("-", "−") if share else "0"


def _effect(row: Row) -> forest.Effect:
    colour, marker, filled = LOOKS[row["verdict"]]
    told = f"{words.points(row['difference'])} points"
    return forest.Effect(
        row["label"], told, row["difference"], row["low"], row["high"], row["gaps"] or (), colour, marker, filled
    )


def _said(row: Row) -> list[str]:
    scores = f"A {words.percent(row['score_a'])}, B {words.percent(row['score_b'])}"
    return [row["label"], f"{points(row)}: {row['verdict'] or 'not tested'}", scores]


def _scores(rows: pl.DataFrame) -> Drawing:
    return canvas.drawing("scores", "A against B", (4.6, 3.6), 1, lambda panels: [_against(panels, rows)])


def _against(panels: Sequence[Axes], rows: pl.DataFrame) -> Spots:
    ax = panels[0]
    ends = [value for side in "ab" for values in rows[f"values_{side}"] for value in values]
    room = 0.06 * (max(ends) - min(ends)) or 0.01
    limits = (min(ends) - room, max(ends) + room)
    ax.plot(limits, limits, color=MUTED.light, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    ax.grid(True, axis="both")
    for (verdict,), part in rows.group_by("verdict", maintain_order=True):
        colour, marker, filled = LOOKS[str(verdict)]
        across, up = (part[f"sd_{side}"].fill_null(0).to_list() for side in "ab")
        ax.errorbar(
            part["score_a"].to_list(), part["score_b"].to_list(), up, across, fmt=marker, color=colour, elinewidth=1.1,
            markerfacecolor=colour if filled else PAPER.light, markersize=6, markeredgewidth=1.3, zorder=3,
        )  # fmt: skip
    ax.set_xlim(limits)
    ax.set_ylim(limits)
    axes.percent_axis(ax, axis="x")
    axes.percent_axis(ax)
    axes.name_axes(ax, "score in A", "score in B")
    return Spots(ax, rows, rows["score_a"].to_list(), rows["score_b"].to_list(), _said)
