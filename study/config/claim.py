"""A finding of a paper as a study can check it: its arms, what is claimed of them, and where it was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from study.config.document import Document, Loc, Problem
from study.config.fields import listed
from study.records import Frozen, PluginConfig
from study.registry import unknown_name

# Columns of the table of runs that are the same before and after a run; seeds pair runs, so they select none.
SELECTORS = (
    "sub_grid", "source", "arch", "family", "strategy", "strategy_label", "quality_share", "size_share", "unique_pairs",
    "samples_seen", "global_batch_size", "image_size", "text_length",
)  # fmt: skip
_NAMES_ARMS = ("arm", "baseline")

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]
Value = str | int | float
Selector = dict[str, Annotated[tuple[Value, ...], BeforeValidator(listed)]]


class Measure(Frozen):
    """What arms are compared by."""

    dataset: str = Field(strict=True, description="an evaluation set of the study, such as embedded/test")
    metric: str = Field(strict=True, description="a metric's name in the table of scores")


class Claim(Frozen):
    """What the study checks; no part of any run's identity."""

    statement: Text = Field(description="the finding, in a sentence")
    citation: Text = Field(description="where it was found, such as arXiv:2404.08197")
    caveat: Text = Field(description="how this check differs from the paper's: scale, data, method")
    measure: Measure = Field(description="data set and metric of the scores")
    arms: dict[str, Selector] = Field(
        min_length=2, description="by name: values of columns of the table of runs that select the arm's runs"
    )
    parts: Annotated[tuple[PluginConfig, ...], BeforeValidator(listed)] = Field(
        description="statistics of the arms; the claim holds if all of them do"
    )


def statistic_names(data: Any) -> set[str]:
    """All statistics that a file names, known or not."""
    return {part["name"] for _, part in _parts(data) if isinstance(part.get("name"), str)}


def problems(document: Document) -> Iterator[Problem]:
    """Arms that are in no part, or are not there; columns that select nothing."""
    claim = _claim(document.data)
    arms = claim["arms"] if isinstance(claim.get("arms"), dict) else {}
    for arm, selector in arms.items():
        for column in selector if isinstance(selector, dict) else ():
            if column not in SELECTORS:
                message = str(unknown_name("column", column, sorted(SELECTORS), len(SELECTORS)))
                yield document.problem(("claim", "arms", arm, column), message, at_key=True)
    named = [found for loc, part in _parts(document.data) for found in _named(part, loc)]
    for loc, name in named if arms else ():
        if name not in arms:
            yield document.problem(loc, str(unknown_name("arm", name, list(arms))))
    for arm in arms:
        if arm not in {name for _, name in named}:
            yield document.problem(("claim", "arms", arm), "is in no part of the claim; leave it out", at_key=True)


def _claim(data: Any) -> dict[str, Any]:
    claim = data.get("claim") if isinstance(data, dict) else None
    return claim if isinstance(claim, dict) else {}


def _parts(data: Any) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """Each part as it stands in the file; a lone one may stand without a list."""
    parts = _claim(data).get("parts")
    if isinstance(parts, dict):
        yield ("claim", "parts"), parts
    for index, part in enumerate(parts if isinstance(parts, list) else ()):
        if isinstance(part, dict):
            yield ("claim", "parts", index), part


def _named(part: dict[str, Any], loc: Loc) -> Iterator[tuple[Loc, str]]:
    """The arms that a part names, with their places."""
    for key, value in part.items():
        if isinstance(value, dict):
            yield from _named(value, (*loc, key))
        elif key in _NAMES_ARMS and isinstance(value, str):
            yield (*loc, key), value
