"""Which measured settings a page carries: those that few others beat for as little compute and as small a pool."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from study.lookup.cost import Row
from study.lookup.measured import ROWS
from study.lookup.store import Sheet

SETTINGS = 400  # on a page, at most
BEATEN = (5, 3, 1)  # by so many settings: not on the page; the first of these that leaves few enough
GROUP = ("strategy_label", "quality")  # a page may be asked for one of these alone


def kept(sheet: Sheet, target: int) -> list[dict[str, Any]]:
    """Settings of known compute and samples, best first."""
    rows = sheet.select(f"SELECT * FROM {ROWS} WHERE t.target = :target ORDER BY t.place", {"target": target})
    known = [row for row in rows if row["train_flops"] and row["samples_seen"]]
    if len(known) <= SETTINGS:
        return known
    for group in (GROUP, ()):
        for most in BEATEN:
            found = _unbeaten(known, group, most)
            if len(found) <= SETTINGS:
                return found
    return found[:SETTINGS]


def _unbeaten(rows: Sequence[dict[str, Any]], group: Sequence[str], most: int) -> list[dict[str, Any]]:
    """Those that fewer than ``most`` better ones of their group beat."""
    better: dict[tuple[Any, ...], list[tuple[float, float]]] = defaultdict(list)
    found = []
    for row in rows:
        own, others = (row["train_flops"], _needs(row)), better[tuple(row[name] for name in group)]
        if sum(flops <= own[0] and needs <= own[1] for flops, needs in others) < most:
            others.append(own)
            found.append(row)
    return found


def _needs(row: Row) -> float:
    return math.inf if row["needs"] is None else float(row["needs"])
