"""What a comparison of strategies finds, in sentences: who leads, what is beyond the seeds' spread, tuned or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from study.report import words
from study.report.compared import BEYOND, held, points, varied
from study.report.study import Study

Row = dict[str, Any]
NAMED = 3  # strategies that are not told apart are counted where they are more


def ranking(study: Study) -> Iterator[str]:
    """Who leads and what differs at each kind of equality, then how learning rates were chosen; or nothing."""
    table = points(study)
    for part in table.partition_by("group", maintain_order=True) if table.height else []:
        place = _place(study, part)
        yield " ".join([f"A{place[1:]}, {_leader(part.rows(named=True))}.", *_beyond(study, part)])
    if table.height:
        yield _learning_rates(table)


def winners(study: Study) -> str:
    """Who leads at each kind of equality and who is not told apart from it: a sentence, empty where no seeds tell."""
    table = points(study)
    parts = table.partition_by("group", maintain_order=True) if table.height else []
    leaders = [(_place(study, part), part.row(0, named=True)) for part in parts]
    told = "; ".join(f"{place}, {_winner(first)}" for place, first in leaders if first["level"] is not None)
    return f"A{told[1:]}." if told else ""


def _place(study: Study, part: pl.DataFrame) -> str:
    """What is equal in a group, and what tells it from the study's others."""
    return ", ".join(filter(None, [f"at equal {held(part)}", varied(study, part)]))


def _winner(first: Row) -> str:
    lead = f"{first['strategy_label']} leads with {words.percent(first['score'])}"
    if not first["level"]:
        return f"{lead}, told apart from all others"
    return f"{lead} and is not told apart from {_shortened(first['level'])}"


def _shortened(names: Sequence[str]) -> str:
    """All names, or the first of many and the number of the others."""
    return _listed(names if len(names) <= NAMED else [*names[: NAMED - 1], f"{len(names) - NAMED + 1} others"])


def _leader(rows: Sequence[Row]) -> str:
    first, second = rows[0], rows[1]
    lead = f"{first['strategy_label']} leads with {words.percent(first['score'])}"
    if first["rank_high"] is None:
        scores = [f"{row['strategy_label']} has {words.percent(row['score'])}" for row in (first, second)]
        return f"{' and '.join(scores)}; with fewer than two seeds in common, it is not known whether that differs"
    if first["rank_high"] == 1:
        return f"{lead}, ahead of all others by more than seeds differ"
    near = words.plural(first["rank_high"] - 1, "other")
    return f"{lead}, before {second['strategy_label']} with {words.percent(second['score'])}; {near} may be as good"


def _beyond(study: Study, part: pl.DataFrame) -> Iterator[str]:
    """Who differs from the baseline by more than seeds do; none where that was not testable."""
    if not part["p"].count():
        return
    found = [
        (word, [_gap(row) for row in part.filter(pl.col("verdict") == word).iter_rows(named=True)]) for word in BEYOND
    ]
    clauses = [f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {word}" for word, names in found if names]
    same = part.filter(pl.col("verdict") == "not told apart")["strategy_label"].to_list()
    if not clauses:
        yield f"Paired by seed, no other is told apart from {study.baseline}."
        return
    if same:
        rest = _listed(same) if len(same) <= NAMED else f"{len(same)} others"
        clauses.append(f"{rest} {'is' if len(same) == 1 else 'are'} not told apart")
    pairs: list[int] = sorted({*part["pairs"].drop_nulls()})
    seeds = words.plural(pairs[0], "seed") if len(pairs) == 1 else f"{pairs[0]} to {pairs[-1]} seeds"
    yield f"Against {study.baseline}, paired by {seeds} and with 90 % intervals, {'; '.join(clauses)}."


def _gap(row: Row) -> str:
    """The strategy with its difference and the 90 % interval of that."""
    low, high = words.points(row["difference_low"]), words.points(row["difference_high"])
    return f"{row['strategy_label']} ({words.points(row['difference'])} points, {low} to {high})"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _learning_rates(table: pl.DataFrame) -> str:
    """Whether the comparison is fair in this."""
    if not table["tuned"].count():
        return "Learning rates were not tuned for each strategy: a difference may be one of learning rates."
    untuned = sorted(set(table.filter(pl.col("tuned").is_null())["strategy_label"]))
    how = " or ".join(sorted({text.split(" of ", 1)[-1] for text in table["tuned"].drop_nulls()}))
    line = f"Each learning rate was tuned: the best of {how}"
    line = f"{line}, but for {', '.join(untuned)}." if untuned else f"{line}."
    at_end = table.filter(pl.col("tuned").str.contains(", the (least|greatest) of"))["strategy_label"]
    ends = list(dict.fromkeys(at_end))
    return f"{line} At an end of what was tried, so perhaps not at its best: {_listed(ends)}." if ends else line
