"""How far a law may be asked, in words, and what speaks against it: from what its row says of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from study.laws.law import COMPUTE
from study.laws.tried import FEW_SETTINGS, HELD_OUT, LEAST_VALUES
from study.report import words

FEW = "few settings"  # which ``provisional`` says with their number
INSIDE = "inside its points only"


def use(row: Mapping[str, Any], runs: pl.DataFrame) -> str:
    """Whether a fitted law may be asked beyond its points, and how far; ``row`` is one of ``laws.parquet``."""
    if not row["preferred"]:
        return "no: another law of these runs was closer"
    if next(_blocking(row), None):
        return INSIDE
    times = _tried(row, runs)
    if times == 1:
        return INSIDE
    return f"up to {times:.2g} times its most compute" + (", provisionally" if row["provisional"] else "")


def against(row: Mapping[str, Any]) -> str:
    """All that speaks against a fitted law, the gravest first; ``provisional`` too."""
    provisional = [row["provisional"]] if row["provisional"] else []
    return "; ".join([*(why for why in _blocking(row) if why != FEW), *provisional]) or "nothing known"


def _blocking(row: Mapping[str, Any]) -> Iterator[str]:
    """Why a law says nothing beyond its points."""
    if "did not converge" in (row["caution"] or ""):
        yield "the fit did not converge"
    if row["tried_error"] is None:
        yield "too few points to try it on some of them"
    elif row["tried_error"] >= row["tried_last_two"]:
        yield "no better than extending its last two points"
    if row["n_points"] < FEW_SETTINGS:
        yield FEW
    loose = unidentified(row)
    if loose:
        yield f"{', '.join(loose)} not identified"


def unidentified(row: Mapping[str, Any]) -> list[str]:
    """Coefficients that the points leave open, or that move with the range."""
    return [name for name, why in json.loads(row["identified"] or "{}").items() if why]


def tried(row: Mapping[str, Any]) -> str | None:
    """How far off it was on points held out of it, beside the line through the last two; none where none were."""
    if row["tried_error"] is None:
        return None
    law, line = (words.percent(math.expm1(row[name])) for name in ("tried_error", "tried_last_two"))
    return f"{law}, last two points {line} (n = {row['n_tried']})"


def _tried(row: Mapping[str, Any], runs: pl.DataFrame) -> float:
    """The times of compute over which it was tried: the largest share that leaves enough of its runs below."""
    ids = [*json.loads(row["points_used"]), *json.loads(row["points_left_out"])]
    known = runs.filter(pl.col("run_id").is_in(ids), pl.col("status") == "completed")[COMPUTE].drop_nulls()
    logs = known.log10().unique().sort().to_list()
    if len(logs) <= LEAST_VALUES:
        return 1.0
    wide = logs[-1] - logs[0]
    share = next(
        (share for share in sorted(HELD_OUT, reverse=True) if logs[-1] - share * wide >= logs[LEAST_VALUES - 1]), 0.0
    )
    return float(10 ** (share * wide))
