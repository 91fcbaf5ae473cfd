"""The tables of two studies compared."""

from __future__ import annotations

import json
from collections.abc import Iterator

import polars as pl

from study.report import words
from study.report.compare.cost_tables import costs, setting_costs
from study.report.compare.words import SETTING, labelled, size
from study.report.table import Column, Table, table
from study.summary.changes import Changes

SCORES: tuple[Column, ...] = (("score_a", "A", words.percent), ("score_b", "B", words.percent))
DIFFERENCE: tuple[Column, ...] = (
    ("difference", "B − A, points", words.points),
    ("low", "90 % low", words.points),
    ("high", "90 % high", words.points),
)
TESTED: tuple[Column, ...] = (
    ("p_holm", "p, corrected", words.number),
    ("seen_from", "seen from, points", size),
)


def tables(changes: Changes) -> Iterator[Table]:
    """All of them."""
    yield from (_settings(changes), _overall(changes), costs(changes), setting_costs(changes), _statuses(changes))
    yield from (_laws(changes), _unmatched(changes), _provenance(changes), _rescored(changes))


def _spread(side: str) -> tuple[Column, ...]:
    head = side.upper()
    return ((f"n_{side}", f"seeds of {head}", words.count), (f"sd_{side}", f"± sd of {head}", words.percent))


def _settings(changes: Changes) -> Table:
    note = (
        "90 % intervals by Student's t: paired where both studies have the same seeds, else of two samples (Welch). "
        f"p: two-sided, corrected by Holm for the {changes.tests} tests of the page, told at 10 %. Seen from: the "
        "least difference that would have been told with this spread. Another hash: all that both state is equal, but "
        "the version of a plug-in, or the pool, is not."
    )
    other = pl.when(~pl.col("same_identity"), pl.col("apart").is_null()).then(pl.lit("another hash")).alias("identity")
    one = len(changes.measures) == 1
    what: tuple[Column, ...] = () if one else (("dataset", "data set", words.text), ("metric", "metric", words.metric))
    columns: tuple[Column, ...] = (
        SETTING, *what, ("verdict", "B is", words.text), *SCORES, *DIFFERENCE, *TESTED, *_spread("a"), *_spread("b"),
        ("method", "compared", words.text), ("apart", "differs in", words.text), ("identity", "identity", words.text),
    )  # fmt: skip
    rows = changes.settings.sort(pl.col("difference").abs(), descending=True).with_columns(other)
    return table("settings", "Setting by setting", note, columns, labelled(rows, changes))


def _overall(changes: Changes) -> Table:
    note = (
        "Means over the settings that both have a score of, each counted once; intervals by the spread of their "
        "differences. Tested are only the measures asked for (--dataset, --metric, --all)."
    )
    columns: tuple[Column, ...] = (
        ("dataset", "data set", words.text), ("metric", "metric", words.metric), ("verdict", "B is", words.text),
        ("settings", "settings", words.count), *SCORES,
        *DIFFERENCE, *TESTED, ("higher", "settings higher", words.count), ("lower", "settings lower", words.count),
    )  # fmt: skip
    return table("overall", "By data set and metric", note, columns, changes.overall)


def _statuses(changes: Changes) -> Table:
    columns: tuple[Column, ...] = (
        SETTING, ("seed", "seed", words.text), ("status_a", "in A", words.text), ("status_b", "in B", words.text),
        ("reason_a", "reason in A", words.text), ("reason_b", "reason in B", words.text),
    )  # fmt: skip
    return table("statuses", "Runs that ended otherwise", "", columns, labelled(changes.statuses, changes))


def _laws(changes: Changes) -> Table:
    note = (
        "90 % intervals of the law, without the noise of a new run. Apart: the two intervals do not meet. Error: "
        "1 − score at the most compute where both have points."
    )
    apart = pl.when(pl.col("apart")).then(pl.lit("apart")).otherwise(pl.lit("they meet")).alias("told")
    group = pl.col("group").map_elements(_group, return_dtype=pl.String).alias("of")
    sides = [(f"{name}{side}", f"{head} {side[-1].upper()}".strip(), words.number) for side in ("a", "b")
             for name, head in (("", ""), ("low_", "90 % low,"), ("high_", "90 % high,"))]  # fmt: skip
    columns: tuple[Column, ...] = (
        ("of", "runs of", words.text), ("law", "law", words.text), ("dataset", "data set", words.text),
        ("metric", "metric", words.metric), ("coefficient", "coefficient", words.text),
        ("told", "intervals", words.text), *sides, ("train_flops", "at FLOPs", words.power_of_ten),
    )  # fmt: skip
    return table("laws", "Laws of the same group", note, columns, changes.laws.with_columns(apart, group))


def _group(group: str) -> str:
    return " · ".join(str(value) for value in json.loads(group).values() if value is not None) or "all"


def _unmatched(changes: Changes) -> Table:
    columns: tuple[Column, ...] = (
        SETTING, ("study", "of", words.text), ("runs", "runs", words.count), ("why", "why", words.text),
    )  # fmt: skip
    return table("unmatched", "What only one of them has", "", columns, labelled(changes.unmatched, changes))


def _provenance(changes: Changes) -> Table:
    said = pl.col("differs").replace_strict({True: "differs", False: "same"}, default=None, return_dtype=pl.String)
    columns: tuple[Column, ...] = (
        ("fact", "fact", words.text), ("kind", "of", words.text), ("said", "", words.text), ("a", "A", words.text),
        ("b", "B", words.text),
    )  # fmt: skip
    rows = changes.provenance.sort("differs", descending=True, nulls_last=True, maintain_order=True)
    columns_of = {name: words.column(name) for name in rows.filter(pl.col("kind") != "package")["fact"]}
    note = "What differs comes first. When runs were made differs always."
    return table(
        "provenance",
        "How they were made",
        note,
        columns,
        rows.with_columns(said.alias("said"), pl.col("fact").replace(columns_of)),
    )


def _rescored(changes: Changes) -> Table:
    columns: tuple[Column, ...] = (
        ("run_id", "run", words.text), ("dataset", "data set", words.text), ("metric", "metric", words.metric),
        ("score_a", "A", words.percent), ("score_b", "B", words.percent),
    )  # fmt: skip
    return table("rescored", "The same runs, scored otherwise", "", columns, changes.rescored)
