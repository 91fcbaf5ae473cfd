"""The page of two studies compared and the files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from study.report import words
from study.report.compare.answer import answer, flops
from study.report.compare.figures import figures
from study.report.compare.tables import tables
from study.report.compare.words import legend, measure
from study.report.embedded import write_page
from study.report.export import exported
from study.report.facts import Tile
from study.report.index import write_index
from study.report.shown import drawn
from study.summary.changes import BEYOND, FLOPS, Changes


def render(changes: Changes, out: Path) -> Path:
    """Write ``out/compare/A-vs-B/index.html``, its figures and tables, and the list of reports; return its path."""
    of_page = {shown.name: shown for shown in figures(changes)}
    made = {one.name: one for one in tables(changes)}
    first, *others = answer(changes)
    counted = flops(changes)
    context = {
        "title": f"{changes.a.name} and {changes.b.name}, compared", "description": legend(changes),
        "eyebrow": "Comparison", "study": f"{changes.a.name} and {changes.b.name}", "answer": first,
        "findings": [line for line in others if line != counted], "tiles": list(_tiles(changes)),
        "figures": of_page, "tables": made, "counted": counted,
        "ignored": [words.column(name) for name in changes.ignored],
    }  # fmt: skip
    folder = out / "compare" / f"{changes.a.name}-vs-{changes.b.name}"
    page = write_page(folder, "compare.html.j2", context, drawn(of_page.values()) | exported(made.values()))
    write_index(out)
    return page


def _tiles(changes: Changes) -> Iterator[Tile]:
    beyond = changes.settings.filter(pl.col("verdict").is_in(BEYOND)).height
    told = f"of {words.plural(changes.tests, 'test')} at 10 %, corrected"
    yield Tile(
        "settings in both", words.count(changes.matched), f"of {changes.a.settings:,} in A, {changes.b.settings:,} in B"
    )
    yield Tile("beyond the spread", words.count(beyond), told)
    for row in changes.overall.head(1).iter_rows(named=True):
        ends = "" if row["low"] is None else f"90 %: {words.points(row['low'])} to {words.points(row['high'])}; "
        yield Tile("mean change, points", words.points(row["difference"]), f"{ends}{measure(changes.measures[0])}")
    if changes.recounted.height:
        counted = changes.setting_costs[f"{FLOPS}_ratio"].count()
        told = f"of {words.plural(counted, 'setting')}"
        yield Tile("FLOPs counted otherwise", words.count(changes.recounted.height), told)
        return
    for row in changes.costs.filter(pl.col("cost") == "gpu_hours").iter_rows(named=True):
        yield Tile(
            "hours of a run, B / A", words.ratio(row["ratio"]), f"over {words.plural(row['settings'], 'setting')}"
        )
