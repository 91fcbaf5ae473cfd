"""The index over all reports of a folder: made from what lies beside each page, whatever made that page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from study.io import write_text
from study.report import words
from study.report.card import CARD, Card, write_card
from study.report.html import html
from study.summary.state import record

PAGE = "index.html"
PLACES = ("*", "*/*")  # a page's folder, below that of all reports
OURS = '<meta name="generator" content="study report index">'


class Entry(NamedTuple):
    """A page of the folder: the link to it, its card, and what is wrong with either; no link where no page is."""

    place: str
    link: str | None
    card: Card | None
    problem: str | None


def write_index(out: Path) -> Path | None:
    """Write ``out/index.html`` over all reports below ``out``; return its path.

    A file of that name that is no index of ours is left as it is: then none is written.
    """
    path = out / PAGE
    if path.exists() and OURS not in path.read_text(errors="replace"):
        return None
    found = sorted(_entries(out), key=_order)
    planned = [entry for entry in found if entry.card and entry.card.planned]
    ready = [entry for entry in found if not entry.problem and entry not in planned]
    context = {
        "title": "All reports", "description": "", "eyebrow": "Studies", "study": words.plural(len(ready), "page"),
        "ready": ready, "planned": planned, "wrong": [entry for entry in found if entry.problem],
    }  # fmt: skip
    write_text(path, html("index.html.j2", context))
    return path


def note_problem(out: Path, name: str, problem: str) -> None:
    """Keep for the index why a study has no report, or none of its latest state."""
    write_card(out / name, Card(kind="Study report", study=name, title=name, problem=problem))


def note_planned(out: Path, name: str, planned: str) -> None:
    """Keep for the index that a study is only planned, and what runs it."""
    write_card(out / name, Card(kind="Study report", study=name, title=name, planned=planned))


def _entries(out: Path) -> Iterator[Entry]:
    folders = {path.parent for place in PLACES for name in (PAGE, CARD) for path in out.glob(f"{place}/{name}")}
    for folder in folders:
        place = folder.relative_to(out).as_posix()
        link = f"{place}/{PAGE}" if (folder / PAGE).exists() else None
        card, problem = record(folder / CARD, Card)
        if card is None and problem is None:
            problem = f"{CARD} is missing beside the page; render the page again"
        elif card and card.problem:
            problem = card.problem
        elif card and not link and not card.planned:
            problem = f"{PAGE} is missing; render the page again"
        yield Entry(place, link, card, problem)


def _order(entry: Entry) -> tuple[int, str, str]:
    """The newest first, those without a date last; then by name."""
    date = entry.card.date if entry.card else ""
    digits = "".join(sign for sign in date if sign.isdigit())
    return -int(digits or 0), entry.card.kind if entry.card else "", entry.place
