"""Mistakes that only show when common settings and sub-grids are seen together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from study.config.document import Document, Loc, Problem
from study.config.grid import BUDGETS, CAPS

_NEEDED = ("source", "arch", "strategy")


def plugin_names(data: Any, key: str) -> set[str]:
    """All names that a file gives for ``source`` or ``strategy``, known or not."""
    found = (items for _, mapping in _mappings(data) for items in [mapping.get(key)])
    values = [value for items in found for value in (items if isinstance(items, list) else [items])]
    named = [value.get("name") if isinstance(value, dict) else value for value in values]
    return {name for name in named if isinstance(name, str)}


def problems(document: Document, complete: bool) -> list[Problem]:
    """Missing and conflicting settings; ``complete`` is false when a misspelt key may be the missing one."""
    found = [problem for loc, mapping in _mappings(document.data) for problem in _budgets(document, loc, mapping)]
    found += [problem for loc, mapping in _mappings(document.data) for problem in _tuned_twice(document, loc, mapping)]
    found += _repeated_names(document)
    return [*found, *_missing(document), *_limit(document)] if complete else found


def _mappings(data: Any) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """``common`` and each sub-grid, as they stand in the file."""
    if isinstance(data, dict):
        yield from ((("common",), item) for item in [data.get("common")] if isinstance(item, dict))
        yield from _sub_grids(data)


def _sub_grids(data: dict[str, Any]) -> Iterator[tuple[Loc, dict[str, Any]]]:
    grid = data.get("grid")
    items = grid if isinstance(grid, list) else [grid]
    yield from ((("grid", i), item) for i, item in enumerate(items) if isinstance(item, dict))


def _budgets(document: Document, loc: Loc, mapping: dict[str, Any]) -> Iterator[Problem]:
    first, *others = [name for name in mapping if name in BUDGETS] or [""]
    for name in others:
        yield document.problem((*loc, name), f"a second budget beside {first}; keep one of them", at_key=True)
    if "gpu_hours" in mapping and not document.data.get("hardware"):
        message = "a budget in GPU-hours needs the GPU it is meant for; add `hardware: {gpu: NAME}`"
        yield document.problem((*loc, "gpu_hours"), message, at_key=True)


def _tuned_twice(document: Document, loc: Loc, mapping: dict[str, Any]) -> Iterator[Problem]:
    if "tune" in mapping and "lr" in mapping and mapping["tune"] is not None:
        yield document.problem((*loc, "lr"), "both lr and tune, which chooses it; keep one of them", at_key=True)


def _limit(document: Document) -> Iterator[Problem]:
    limit = document.data.get("limit") if isinstance(document.data, dict) else None
    given = {name for name, value in limit.items() if value is not None} if isinstance(limit, dict) else set(CAPS)
    if not given & set(CAPS):
        yield document.problem(("limit",), f"caps nothing; give one of {', '.join(CAPS)}")
    elif "wall_hours" in given and "gpus" not in given and isinstance(limit, dict):
        message = "depends on how many devices work at once; add `gpus: NUMBER` (on a CPU: threads)"
        yield document.problem(("limit", "wall_hours"), message, at_key=True)
    elif "gpus" in given and "wall_hours" not in given:
        message = "says how many devices wall_hours is for; add wall_hours, or leave it out"
        yield document.problem(("limit", "gpus"), message, at_key=True)


def _repeated_names(document: Document) -> Iterator[Problem]:
    seen: set[str] = set()
    for loc, mapping in _mappings(document.data):
        name = mapping.get("name")
        if isinstance(name, str) and name in seen:
            yield document.problem((*loc, "name"), f"a second sub-grid {name!r}; give each its own name")
        seen |= {name} if isinstance(name, str) else set()


def _missing(document: Document) -> Iterator[Problem]:
    data = document.data if isinstance(document.data, dict) else {}
    common = data["common"] if isinstance(data.get("common"), dict) else {}
    for loc, mapping in _sub_grids(data):
        given = {*common, *mapping}
        for name in (name for name in _NEEDED if name not in given):
            yield document.problem(loc, f"no {name}; give it here or under common:")
        if not given & set(BUDGETS):
            yield document.problem(loc, f"no budget; give one of {', '.join(BUDGETS)}, here or under common:")
