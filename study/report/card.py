"""What the index says of a page: kept beside it as ``report.json``, so that no study is read again for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from study.io import write_text
from study.records import Frozen
from study.report import words
from study.report.answer import counts
from study.report.facts import Tile, cost
from study.report.study import Study

CARD = "report.json"
PICTURE = r"^data:image/png;base64,[A-Za-z0-9+/=]*$"


class Card(Frozen):
    """One page in words; ``facts`` are a name, a value and a note each; ``problem`` is why there is no page.

    ``planned`` says what runs a study that has a plan and no run yet, which is no problem.
    """

    kind: str = Field(description="what the page is: a study's report, claims, a comparison")
    study: str
    title: str
    answer: str = ""
    facts: tuple[Tile, ...] = ()
    date: str = Field("", description="when its newest run ended, YYYY-MM-DD; empty where that is not known")
    picture: str | None = Field(None, pattern=PICTURE)
    problem: str | None = None
    planned: str | None = None


def write_card(folder: Path, card: Card) -> None:
    """Write ``report.json`` into the folder of a page."""
    write_text(folder / CARD, card.model_dump_json(indent=1) + "\n")


def of_page(context: Mapping[str, Any]) -> Card:
    """The card of any page, by what its template is given: its tiles, unless it brings a card of its own."""
    own: Card | None = context.get("card")
    if own:
        return own
    kind, study, title, answer = (context[name] for name in ("eyebrow", "study", "title", "answer"))
    return Card(kind=kind, study=study, title=title, answer=answer, facts=tuple(context["tiles"]))


def of_study(study: Study, kind: str, title: str, answer: str, picture: str | None) -> Card:
    """The card of a study's report: runs by status, the headline score with its interval, what it cost."""
    facts = [Tile("runs", f"{study.runs.height:,}", counts(study.runs)), *_score(study), cost(study)]
    ended = study.runs["finished"].drop_nulls()
    day = str(ended.max())[:10] if len(ended) else ""
    return Card(kind=kind, study=study.name, title=title, answer=answer, facts=tuple(facts), date=day, picture=picture)


def _score(study: Study) -> Iterator[Tile]:
    for best in study.settings.head(1).iter_rows(named=True):
        known = best["low"] is not None
        interval = f"90 % interval {100 * best['low']:.1f} to {100 * best['high']:.1f} %" if known else "no interval"
        seeds = "one seed" if best["n"] == 1 else f"{best['n']} seeds"
        of = f"{words.metric(study.target.metric)}, {study.target.dataset}"
        yield Tile("best score", words.percent(best["score"]), f"{interval} ({seeds}); {of}")
