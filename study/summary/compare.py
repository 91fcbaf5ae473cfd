"""Strategies compared: ranked at equal samples seen and at equal training FLOPs, with paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from study.summary.equal import groups
from study.summary.paired import difference, holm, possible_ranks, verdict

FOUND: dict[str, Any] = {
    "rank": pl.Int64, "rank_low": pl.Int64, "rank_high": pl.Int64, "level": pl.List(pl.String),
    "difference": pl.Float64, "difference_sd": pl.Float64, "difference_low": pl.Float64,
    "difference_high": pl.Float64, "pairs": pl.Int64, "p": pl.Float64, "verdict": pl.String,
}  # fmt: skip
NEEDED = ("strategy_label", "seeds", "values")
BASELINE = "baseline"  # the verdict of the baseline itself


def compare(table: pl.DataFrame, baseline: str | None) -> pl.DataFrame:
    """A row a strategy and group of settings that may be compared, best mean first within a group.

    ``table`` is that of study.summary.settings; its columns are kept. Beside them: ``group`` (from 0), ``equal`` (the
    kind: ``samples_seen`` or ``train_flops``), ``rank`` by mean, ``rank_low`` and ``rank_high`` (ranks that its paired
    differences leave possible), ``level`` (the labels that it is not told apart from), and against the strategy
    labelled ``baseline`` the mean ``difference`` over ``pairs`` seeds with its sd, its 90 % interval, ``p`` corrected
    by Holm over the group, and the ``verdict``: better, worse, not told apart, one seed, no shared seed. Without a
    baseline in the group these are null.
    """
    parts = [(kind, _sorted(group)) for kind, group in groups(table)]
    found = [row for _, part in parts for row in _found(part.select(*NEEDED).to_dicts(), baseline)]
    numbers = [number for number, (_, part) in enumerate(parts) for _ in range(part.height)]
    kinds = [kind for kind, part in parts for _ in range(part.height)]
    together = pl.concat([table.clear(), *(part for _, part in parts)])
    return together.with_columns(
        *pl.DataFrame(found, schema=FOUND),
        pl.Series("group", numbers, dtype=pl.Int32),
        pl.Series("equal", kinds, dtype=pl.String),
    )


def _sorted(group: pl.DataFrame) -> pl.DataFrame:
    return group.sort(["score", "setting"], descending=[True, False])


def _found(rows: Sequence[dict[str, Any]], baseline: str | None) -> list[dict[str, Any]]:
    """The columns of ``FOUND`` for each setting of a group, as far as they are known."""
    scores = [_by_seed(row) for row in rows]
    labels = [row["strategy_label"] for row in rows]
    at = next((place for place, row in enumerate(rows) if row["strategy_label"] == baseline), None)
    found = [{"rank": place + 1} | _ranks(labels, scores, place) for place in range(len(rows))]
    if at is not None:
        found = [one | against for one, against in zip(found, _against(scores, at), strict=True)]
    return [dict.fromkeys(FOUND) | one for one in found]


def _by_seed(row: dict[str, Any]) -> dict[int, float]:
    return {seed: value for seed, value in zip(row["seeds"], row["values"], strict=True) if seed is not None}


def _ranks(labels: Sequence[str], scores: Sequence[dict[int, float]], place: int) -> dict[str, Any]:
    """The ranks that the differences to all others, corrected for their number, leave to one setting; its equals."""
    found = [difference(scores[place], theirs) for other, theirs in enumerate(scores) if other != place]
    corrected = holm([one.p for one in found])
    verdicts = [verdict(*pair) for pair in zip(found, corrected, strict=True)]
    ranks = possible_ranks(verdicts)
    others = [*labels[:place], *labels[place + 1 :]]
    level = [label for label, said in zip(others, verdicts, strict=True) if said not in ("better", "worse")]
    return {"rank_low": ranks[0], "rank_high": ranks[1], "level": level} if ranks else {}


def _against(scores: Sequence[dict[int, float]], at: int) -> list[dict[str, Any]]:
    """Each setting against the one at ``at``, corrected for the number of the others."""
    found = [difference(ours, scores[at]) for ours in scores]
    corrected = holm([None if place == at else one.p for place, one in enumerate(found)])
    return [
        {"verdict": BASELINE}
        if place == at
        else {
            "difference": one.mean, "difference_sd": one.sd, "difference_low": one.low, "difference_high": one.high,
            "pairs": one.n, "p": p, "verdict": verdict(one, p),
        }
        for place, (one, p) in enumerate(zip(found, corrected, strict=True))
    ]  # fmt: skip
