"""Spots of a figure: the places where a pointer or the keyboard finds a point, and what is said there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from study.report import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
Place = tuple[float, float]


def said(row: Row) -> list[str]:
    """Lines of words about a setting or a run, the first of them its name; what is not known is not said."""
    name = [row.get("arch"), row.get("strategy_label"), row.get("quality")]
    run = [words.text(row["run_id"]), f"seed {row['seed']}"] if row.get("run_id") else []
    lines = [" · ".join(filter(None, name)), ", ".join(run), _score(row), _amounts(row), _costs(row)]
    return [line for line in [*lines, row.get("other_settings")] if line]


class Spots(NamedTuple):
    """The points of one panel: a row of ``rows`` each, with its place in data coordinates."""

    ax: Axes
    rows: pl.DataFrame
    x: Sequence[float]
    y: Sequence[float]
    say: Callable[[Row], list[str]] = said


def places(spots: Sequence[Spots]) -> list[Place]:
    """Where the points are in the drawing, in points (1/72 inch) from its upper left: the units of an SVG's viewBox."""
    return [place for one in spots for place in _places(one)]


def _places(spots: Spots) -> Iterator[Place]:
    figure = spots.ax.figure
    scale, height = 72 / figure.dpi, 72 * figure.bbox.height / figure.dpi
    if len(spots.x):
        for x, y in spots.ax.transData.transform(list(zip(spots.x, spots.y, strict=True))):
            yield round(float(x) * scale, 1), round(height - float(y) * scale, 1)


def listed(spots: Sequence[Spots], wide: Sequence[Place], narrow: Sequence[Place]) -> str:
    """The JSON that hover.js reads: words once, and their places in the drawings of both widths."""
    told = [one.say(row) for one in spots for row in one.rows.iter_rows(named=True)]
    return json.dumps({"words": told, "wide": wide, "narrow": narrow}, separators=(",", ":"), ensure_ascii=False)


def _score(row: Row) -> str:
    if row.get("score") is None:
        return ""
    spread = f" ± {100 * row['sd']:.1f}" if row.get("sd") is not None else ""
    seeds = "one seed" if row.get("n") == 1 else f"{row.get('n')} seeds"
    return f"{words.percent(row['score'])}{spread} ({seeds})"


def _amounts(row: Row) -> str:
    known = (("unique_pairs", "pairs"), ("samples_seen", "samples seen"))
    parts = [f"{words.count(row[name])} {noun}" for name, noun in known if row.get(name)]
    batch = row.get("global_batch_size")
    return ", ".join([*parts, f"batch {words.count(batch)}"] if batch else parts)


def _costs(row: Row) -> str:
    parts = [f"{words.power_of_ten(row['train_flops'])} FLOPs"] if row.get("train_flops") else []
    hours, predicted = row.get("gpu_hours"), row.get("predicted_gpu_hours")
    parts += [words.duration(hours) if predicted is None else f"{words.duration(hours)} measured"] if hours else []
    parts += [f"{words.duration(predicted)} predicted"] if predicted is not None else []
    return ", ".join(parts)
