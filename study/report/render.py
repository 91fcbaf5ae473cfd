"""The page and the files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from study.report import FIGURES, answer, budget, facts, words
from study.report.canvas import draw
from study.report.card import of_study
from study.report.comparison import comparison, strategy_cost
from study.report.cost_table import cost
from study.report.crossovers import crossovers
from study.report.embedded import write_page
from study.report.export import exported
from study.report.findings import findings
from study.report.index import write_index
from study.report.laws import laws, no_law
from study.report.provenance import provenance
from study.report.sections import placed
from study.report.shown import Shown, drawn, pointed
from study.report.skipped import skipped
from study.report.study import Study, read_study
from study.report.table import Table
from study.report.tables import by_setting, failures, frontier, runs
from study.report.thumbnail import thumbnail

KIND = "Study report"


def render(results: Path, name: str, out: Path, planner: Mapping[str, Any] | None = None) -> Path:
    """Write ``out/NAME/index.html``, its figures and tables beside it; return the page's path.

    The index over all reports, ``out/index.html``, is made anew.

    ``planner`` is what study.lookup.sliders makes; without it the page has none. Raises StorageError when the study
    was not collected.
    """
    study = read_study(results, name)
    points = {name: FIGURES.load(name).points(study) for name in FIGURES.targets}
    figures, of_page = list(_figures(study, points)), tables(study)
    files = drawn(figures) | exported(of_page.values())
    page = write_page(
        out / name, "page.html.j2", _context(study, figures, of_page, _picture(study, points), planner), files
    )
    write_index(out)
    return page


def _figures(study: Study, of_all: Mapping[str, pl.DataFrame]) -> Iterator[Shown]:
    for name, points in of_all.items():
        figure = FIGURES.load(name)
        drawing = draw(name, figure, study, points) if points.height else None
        equal = figure.held_equal(points, figure.shown) if points.height else ""
        spread = figure.spread(study, points) if points.height else ""
        table = pointed(name, figure.title, points) if points.height else None
        yield Shown(name, figure.title, figure.needs, drawing, equal, spread, figure.section, table)


def _picture(study: Study, of_all: Mapping[str, pl.DataFrame]) -> str | None:
    """The first figure that has something to show, small."""
    first = next((name for name, points in of_all.items() if points.height), None)
    return thumbnail(FIGURES.load(first), study, of_all[first]) if first else None


def tables(study: Study) -> dict[str, Table]:
    """All tables of the page, by name."""
    made = (
        frontier(study),
        by_setting(study),
        comparison(study),
        strategy_cost(study),
        cost(study),
        failures(study),
        budget.left_out(study),
        skipped(study),
        laws(study),
        no_law(study),
        crossovers(study),
        runs(study),
    )
    return {table.name: table for table in made}


def _context(
    study: Study,
    figures: list[Shown],
    of_page: dict[str, Table],
    picture: str | None,
    planner: Mapping[str, Any] | None,
) -> dict[str, Any]:
    title, sentence = study.facts.get("title") or study.name, answer.headline(study)
    return {
        "title": title,
        "description": study.facts.get("description") or "",
        "eyebrow": KIND,
        "study": study.name,
        "answer": sentence,
        "card": of_study(study, KIND, title, sentence, picture),
        "findings": list(findings(study)),
        "sections": list(placed(figures, of_page, {"summary": True, "planner": bool(planner), "provenance": True})),
        "tiles": facts.tiles(study),
        "figures": {figure.name: figure for figure in figures},
        "tables": of_page,
        "provenance": provenance(study, figures),
        "metric": words.metric(study.target.metric),
        "planner": planner,
    }
