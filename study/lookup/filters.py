"""What a question looks at, as a condition in SQL over the settings ``s`` of a sheet; and its names, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from study.errors import StudyError
from study.lookup.question import Question
from study.lookup.store import Sheet
from study.registry import unknown_name

SAME = 1e-9  # shares of a pool are written with few digits


def asked(question: Question) -> tuple[str, dict[str, Any]]:
    """A condition on architecture, family, strategy and quality, and its values; the pool is apart (``in_pool``)."""
    share, name = _quality(question)
    given = {
        "s.arch = :arch": ("arch", question.arch),
        "s.family = :family": ("family", question.family),
        ":strategy IN (s.strategy, s.strategy_label)": ("strategy", question.strategy),
        f"abs(s.quality_share - :share) < {SAME}": ("share", share),
        "s.quality = :quality": ("quality", name),
    }
    conditions = [condition for condition, (_, value) in given.items() if value is not None]
    return f"({' AND '.join(conditions) or '1'})", dict(pair for pair in given.values() if pair[1] is not None)


def _quality(question: Question) -> tuple[float | None, str | None]:
    quality = question.quality
    return (None, quality) if isinstance(quality, str) else (quality, None)


def check(question: Question, sheets: Sequence[Sheet]) -> None:
    """Raises UnknownNameError for a name that no study has, StudyError for a tower that is not of the family."""
    names = {"arch": question.arch, "family": question.family, "strategy": question.strategy}
    names["quality"] = _quality(question)[1]
    for kind, name in names.items():
        known = sorted({one for sheet in sheets for one in sheet.facts["names"][kind]})
        if name is not None and name not in known:
            raise unknown_name(KINDS[kind], name, known)
    if question.arch is not None and question.family is not None:
        families = {family for sheet in sheets for family in _families(sheet, question.arch)}
        if question.family not in families:
            told = " or ".join(sorted(families)) or "no family that is known"
            raise StudyError(
                f"{question.arch} is of {told}: leave out --arch {question.arch} or --family {question.family}"
            )


KINDS = {"arch": "architecture", "family": "family", "strategy": "strategy", "quality": "quality"}


def _families(sheet: Sheet, arch: str) -> list[str]:
    rows = sheet.select("SELECT DISTINCT family FROM settings WHERE arch = :arch", {"arch": arch})
    return [row["family"] for row in rows if row["family"] is not None]


def quality_notes(question: Question, sheet: Sheet) -> list[str]:
    """Why a study cannot answer for the share of quality that was asked for."""
    share, names = _quality(question)[0], sheet.facts["names"]
    if share is None or any(abs(share - known) < SAME for known in names["share"]):
        return []
    study = sheet.facts["study"]
    if names["share"]:
        known = ", ".join(f"{one:g}" for one in names["share"])
        return [f"{study} has nothing at a quality of {share:g}; it was measured at {known}"]
    told = known_by_name(sheet.facts) or f"{study} does not say what quality its data are of"
    return [f"{told}: a share cannot be asked of it"]


def known_by_name(facts: Mapping[str, Any]) -> str | None:
    """That the quality of a study's data is known by the name of a filter only; none where it is known otherwise."""
    names = facts["names"]
    if names["share"] or not names["quality"]:
        return None
    filters = ", ".join(names["quality"])
    return f"{facts['study']} knows quality by the name of a filter only ({filters}), not by the share that it keeps"
