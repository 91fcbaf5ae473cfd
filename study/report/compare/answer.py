"""What changed, in sentences: the short answer of the command line and of the page."""

from __future__ import annotations

import math
from collections.abc import Iterator

import polars as pl

from study.report import words
from study.report.compare import findings
from study.report.compare.words import COSTS, NAMES, measure, points, size
from study.summary.changes import FLOPS, HIGHER, IDENTICAL, LOWER, ONE_SEED, SAME, VERDICTS, Changes
from study.summary.headline import Headline

OTHERWISE = {SAME: "not told apart", IDENTICAL: "identical run by run", ONE_SEED: "not known, of one seed"}


def answer(changes: Changes) -> list[str]:
    """Sentences in the order in which a reader asks; the first is the answer."""
    counted = flops(changes)
    return [*_scores(changes), *([counted] if counted else []), *_overall(changes), *_costs(changes),
            *findings.ignored(changes), *findings.runs(changes), *findings.winner(changes), *findings.laws(changes),
            *findings.provenance(changes)]  # fmt: skip


def _scores(changes: Changes) -> Iterator[str]:
    verdicts = changes.settings["verdict"].to_list()
    if not verdicts:
        told = "all their runs are the same" if changes.shared_runs else "none has a score of this measure in both"
        yield f"{words.plural(changes.matched, 'setting')} in both, and nothing to test: {told}."
        return
    counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
    parts = [f"{counts[verdict]} {text}" for verdict, text in OTHERWISE.items() if counts[verdict]]
    told = f"beyond the spread {counts[HIGHER]} higher and {counts[LOWER]} lower in B"
    many = len(changes.measures) > 1
    what = f"{len(changes.measures)} data sets and metrics" if many else measure(changes.measures[0])
    noun = "comparison" if many else "setting"
    yield f"{what[0].upper()}{what[1:]}, {words.plural(len(verdicts), noun)} in both: {', '.join([told, *parts])}."


def _overall(changes: Changes) -> Iterator[str]:
    row = next(changes.overall.iter_rows(named=True), None)
    if row is None or row["verdict"] in (None, IDENTICAL):
        return
    verdict = "no more than chance" if row["verdict"] == SAME else row["verdict"]
    seen = f"; a move of {size(row['seen_from'])} points would have been told" if row["seen_from"] else ""
    where = measure(Headline(row["dataset"], row["metric"]))
    yield f"Over all {row['settings']} settings, {where} moved by {points(row)}: {verdict}{seen}."
    yield from _bounds(changes.of(changes.measures[0]).filter(pl.col("verdict") == SAME).drop_nulls("seen_from"))


def _bounds(alike: pl.DataFrame) -> Iterator[str]:
    """How far settings that are not told apart may be apart at most, and what would have been told."""
    if alike.height:
        bound = float(str(alike.select(pl.max_horizontal(pl.col("low", "high").abs()).max()).item()))
        seen = float(str(alike["seen_from"].median()))
        yield (
            f"Of the {words.plural(alike.height, 'setting')} not told apart there, none differs by more than "
            f"{size(bound)} points (90 %); a difference of {size(seen)} points would have been told in half of them."
        )


def flops(changes: Changes) -> str | None:
    """Which settings' FLOPs were counted otherwise, and what that means; none where all are alike."""
    apart = changes.recounted
    if not apart.height:
        return None
    ratios = sorted(apart[f"{FLOPS}_ratio"].to_list())
    ends = " to ".join(dict.fromkeys(_times(ratio) for ratio in (ratios[0], ratios[-1])))
    return (
        f"Training FLOPs were counted otherwise for {words.plural(apart.height, 'matched setting')}, in B {ends} times "
        f"those in A: {_why(changes)}."
    )


def _why(changes: Changes) -> str:
    """The same scores run by run are of the same model; what not both state may count, too."""
    scored = changes.of(changes.measures[0]).join(changes.recounted, on="setting_a", how="semi")
    if scored.height and set(scored["verdict"]) == {IDENTICAL}:
        return "their scores are identical, so it was the counter that changed, or the table of one is out of date"
    names = [words.column(name) for name in NAMES if name not in (*changes.matched_by, *changes.ignored)]
    unstated = f", or what not both state ({', '.join(names)})" if names else ""
    return f"the model or the counter changed{unstated}"


def _times(ratio: float) -> str:
    """A ratio with two digits of how far it is from 1."""
    return f"{ratio:.{max(2, 1 - math.floor(math.log10(abs(ratio - 1))))}f}".rstrip("0")


def _costs(changes: Changes) -> Iterator[str]:
    parts = []
    for row in changes.costs.filter(pl.col("cost") != FLOPS).iter_rows(named=True):
        ends = "" if row["low"] is None else f" ({words.ratio(row['low'])} to {words.ratio(row['high'])})"
        parts.append(f"{COSTS[row['cost']]} × {words.ratio(row['ratio'])}{ends}")
    if parts:
        yield f"Cost of a run in B over A: {', '.join(parts)}."
