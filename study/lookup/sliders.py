"""What the planner of a report page shows at first: its sliders' ends, its choices, and its data as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from study.lookup.filters import known_by_name
from study.lookup.notes import ONE_SEED, incomplete
from study.lookup.page import block
from study.lookup.question import GPUS
from study.lookup.store import open_sheet

SHOWN = "h100"  # at first, of several GPUs
ROUND = 0.05  # a score that is asked for at first is the best that was measured, down to a multiple of this


def planner(results: Path, name: str) -> dict[str, Any] | None:
    """The context of ``planner.html.j2``; none for a study without a score whose compute is known.

    Raises StorageError when the study was not collected.
    """
    data = block(results, name)
    if data is None or not data["settings"]:
        return None
    devices = list(data["costs"])
    shown = SHOWN if SHOWN in devices else devices[0]
    counts = list(data["costs"][shown])
    settings, budget = data["settings"], _ends(list(_hours(data, shown)))
    return {
        "dataset": data["dataset"],
        "devices": devices,
        "device": shown,
        "counts": counts,
        "count": GPUS if GPUS in counts else counts[0],
        "budget": {**budget, "value": _rounded(10 ** ((budget["least"] + budget["most"]) / 2))},
        "pairs": _ends([one["needs"] for one in settings if one["needs"]] or [1.0]),
        "target": _target([one["score"] for one in settings]),
        "strategies": _names(data, "strategy"),
        "qualities": _names(data, "quality"),
        "notes": list(_notes(results, name, data)),
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
    }


def _hours(data: dict[str, Any], device: str) -> Iterator[float]:
    """Of the settings' steps, roughly."""
    places = next(iter(data["costs"][device].values()))
    for one in data["settings"]:
        speed, *_, beside = data["rates"][places[one["config"]]]
        yield one["train_flops"] / speed / data["beside"][beside][0] / 3600


def _ends(values: Sequence[float]) -> dict[str, float]:
    """Log10 of the least and of ten times the most, outwards to tenths."""
    least, most = math.log10(min(values)), math.log10(max(values)) + 1
    return {"least": math.floor(10 * least) / 10, "most": math.ceil(10 * most) / 10}


def _rounded(value: float) -> str:
    """To two digits, without an exponent where it is not very small or large: as one would type it."""
    return f"{float(f'{value:.2g}'):.15g}"


def _target(scores: Sequence[float]) -> dict[str, float | str]:
    """In percent, of a slider that ends a third of the way from the best that was measured to no error."""
    least, best = min(scores), max(scores)
    step = ROUND if best >= 4 * ROUND else ROUND / 10
    return {
        "least": max(math.floor(100 * least), 1),
        "most": min(math.ceil(100 * (best + (1 - best) / 3)), 99),
        "value": _rounded(100 * max(math.floor(best / step), 1) * step),
    }


def _names(data: dict[str, Any], column: str) -> list[str]:
    """What a page can be asked for alone; nothing where there is no choice."""
    found = sorted({one[column] for one in data["settings"] if one[column] is not None})
    return found if len(found) > 1 else []


def _notes(results: Path, name: str, data: dict[str, Any]) -> Iterator[str]:
    """What is so whatever is asked."""
    with open_sheet(results, name) as sheet:
        facts = sheet.facts
    yield from incomplete(facts)
    if told := known_by_name(facts):
        yield told
    if all(one["high"] is None for one in data["settings"]):
        yield ONE_SEED
    if not data["laws"]:
        yield "no law was fitted for this score: only what was measured can be told, and nothing beyond it"
