"""Labels of laws that would be the same, told apart by what differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from study.lookup.told import COMPUTE, Told


def _range(law: Told) -> str:
    seen = [point[COMPUTE] for point in law.points]
    return f"{min(seen):.2g} to {max(seen):.2g} FLOPs"


# What is said of laws of the same label as long as some are, one after another, where it differs
ASPECTS: tuple[Callable[[Told], str], ...] = (
    lambda law: law.curve.group.get("source") or "",
    lambda law: law.study,
    lambda law: f"{law.row['law']} law",
    _range,
)


def told_apart(laws: Sequence[Told]) -> list[Told]:
    """The laws in their order, with labels that say what differs: source, study, form, compute of the runs."""
    found = list(laws)
    for aspect in ASPECTS:
        values: dict[str, set[str]] = defaultdict(set)
        for law in found:
            values[law.label].add(aspect(law))
        found = [
            replace(law, label=f"{law.label} · {aspect(law)}") if len(values[law.label]) > 1 and aspect(law) else law
            for law in found
        ]
    return found
