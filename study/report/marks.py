"""Marks that several figures share: points with their spread, reference lines, legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from study.report.palette import MUTED, NOT_STATED, PAPER, Scale
from study.report.spots import Spots

MANY = 1500  # marks; drawn one by one, a page of ten thousand runs would take several megabytes
SIZES, SMALLEST = ((60, 42.0), (200, 26.0), (MANY, 16.0)), 5.0

THIN = 4.3  # points of a letter in a legend
LEGEND: dict[str, Any] = {"frameon": False, "labelcolor": "linecolor", "fontsize": "small", "handletextpad": 0.2}


def columns(table: pl.DataFrame) -> dict[str, list[Any]]:
    """A table as seaborn takes it without pandas' help from polars, which needs another package."""
    return table.to_dict(as_series=False)


def points(ax: Axes, table: pl.DataFrame, x: str, y: str, hue: str, scale: Scale, alpha: float = 1.0) -> Spots:
    """Dots coloured and shaped by ``hue``, with ± ``sd`` where a row has one; the more, the smaller.

    More than ``MANY`` become a picture inside the drawing, so that its size does not grow with them.
    """
    named, many = table.with_columns(pl.col(hue).fill_null(NOT_STATED)), table.height > MANY
    for (value,), part in named.filter(pl.col("sd").is_not_null()).group_by(hue, maintain_order=True):
        bars = ax.errorbar(
            part[x].to_list(), part[y].to_list(), part["sd"].to_list(), color=scale.colour(value), fmt="none",
            elinewidth=1.2, capsize=0 if many else 2.5, alpha=alpha, zorder=2,
        )  # fmt: skip
        for artist in bars.get_children():
            artist.set_rasterized(many)
            artist.set_in_layout(False)  # inside the axes: to measure each mark would take longer than to draw it
    sns.scatterplot(
        data=columns(named.select(x, y, hue)), x=x, y=y, hue=hue, style=hue, palette=scale.colours,
        markers=scale.markers, s=_size(table.height), alpha=alpha, edgecolor=PAPER.light, legend=False, ax=ax, zorder=3,
        linewidth=0 if many else 0.8, rasterized=many,
    )  # fmt: skip
    ax.collections[-1].set_in_layout(False)
    return Spots(ax, table, table[x].to_list(), table[y].to_list())


def _size(number: int) -> float:
    """Square points of a mark, by their number."""
    return next((size for most, size in SIZES if number <= most), SMALLEST)


def beside(ax: Axes, table: pl.DataFrame, as_error: bool = False) -> None:
    """What random features and what the largest class would reach, where the scores say."""
    for name, text in (("chance", "chance"), ("majority", "always the largest class")):
        value = table[name][0]
        if value is not None:
            _reference(ax, 1 - value if as_error else value, text)


def _reference(ax: Axes, value: float, text: str) -> None:
    ax.axhline(value, color=MUTED.light, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    ax.annotate(
        text,
        (0, value),
        (3, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        color=MUTED.light,
        fontsize="small",
    )


def name_families(ax: Axes, scale: Scale, families: pl.Series) -> None:
    """A legend of the families that occur, in the corner that scores rising with cost leave free."""
    shown = _shown(families)
    ax.legend(_handles(scale, shown), shown, loc="lower right", **LEGEND)


def name_below(ax: Axes, scale: Scale, values: pl.Series) -> None:
    """A legend below the axes, for more values than labels beside them would leave room to."""
    shown = _shown(values)
    letters = max(map(len, shown)) + 3
    columns = max(1, min(len(shown), int(72 * ax.figure.bbox.width / ax.figure.dpi / (THIN * letters))))
    ax.figure.legend(_handles(scale, shown), shown, loc="outside lower left", ncols=columns, **LEGEND)


def _shown(values: pl.Series) -> list[str]:
    return sorted(set(values.fill_null(NOT_STATED)))


def _handles(scale: Scale, names: Sequence[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=scale.colours[name], marker=scale.markers[name], linestyle="", markersize=6)
        for name in names
    ]
