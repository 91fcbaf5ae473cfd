"""The sections of a study's page, in their order: a table is listed here, a figure says itself where it belongs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from study.report.shown import Shown
from study.report.table import Table

PLAIN = "section.html.j2"


@dataclass(frozen=True)
class Section:
    """A section: its anchor, its word in the list of contents, its heading, and the names of its tables.

    ``empty`` is said where it has nothing to show; without it the section is then left out. ``template`` is set where
    it is no plain one, ``tables_first`` where its tables are what a reader wants before its figures.
    """

    anchor: str
    word: str
    title: str
    tables: tuple[str, ...] = ()
    empty: str = ""
    template: str = PLAIN
    tables_first: bool = False


SECTIONS = (
    Section("scaling", "Scaling", "How the score scales", empty="No run has a score and counted training FLOPs."),
    Section(
        "frontier", "Frontier", "The best score for its cost", ("frontier",), tables_first=True,
        empty="No setting has both a score and a measured cost.",
    ),
    Section("summary", "Findings", "At a glance", template="summary.html.j2"),
    Section("strategies", "Strategies", "Strategies", ("comparison", "strategy_cost")),
    Section("data", "Data", "What more and better data do"),
    Section("planner", "Planner", "Planner", template="planner.html.j2"),
    Section("cost", "Cost", "What was run, and what it cost", ("cost",), "No run was planned.", tables_first=True),
    Section("settings", "Settings", "Settings by score", ("settings",), "No setting has a score."),
    Section("laws", "Laws", "Laws", ("laws", "crossovers", "no_law"), "No law was fitted."),
    Section("failures", "Failures", "What did not complete", ("failures", "left_out"), "Nothing failed."),
    Section("skipped", "Unread data", "Data that could not be read", ("skipped",)),
    Section("runs", "All runs", "All runs", ("runs",), "No run was planned."),
    Section("provenance", "Provenance", "Provenance", template="provenance.html.j2"),
)  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """A section with what it has to show; ``undrawn`` are its figures for which something is missing."""

    section: Section
    figures: tuple[Shown, ...]
    undrawn: tuple[Shown, ...]
    tables: tuple[str, ...]
    listed: bool


def placed(
    figures: Iterable[Shown],
    tables: Mapping[str, Table],
    own: Mapping[str, bool],
    sections: Iterable[Section] = SECTIONS,
) -> Iterator[Placed]:
    """The sections that the page has; ``listed`` are those with something to show.

    ``own`` says of each section with a template of its own whether it has something to show.
    """
    by_section: dict[str, list[Shown]] = {}
    for shown in figures:
        by_section.setdefault(shown.section, []).append(shown)
    for section in sections:
        here = by_section.get(section.anchor, [])
        drawn = tuple(shown for shown in here if shown.drawing)
        filled = tuple(name for name in section.tables if tables[name].height)
        listed = bool(drawn or filled or own.get(section.anchor))
        if listed or section.empty:
            yield Placed(section, drawn, tuple(shown for shown in here if not shown.drawing), filled, listed)
