"""A plan held to its study's limit: which runs are left out, what the caps count, and what is still over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from study.config import Limit
from study.config.document import Document
from study.ledger import Account, amount, counted, over
from study.plan.candidates import Budget, Candidate, candidates
from study.plan.due import Row, devices, price
from study.plan.left_out import WAYS


class Counted(NamedTuple):
    """What a cap counts: by runs so far, by those under way, and by those that the plan keeps beside them."""

    cap: float
    spent: float
    reserved: float
    to_do: float

    @property
    def left(self) -> float:
        """Of the cap, when all is done; below 0 where the limit does not hold."""
        return self.cap - self.spent - self.reserved - self.to_do


@dataclass(frozen=True)
class Held:
    """The rows of a plan, ``left_out`` says why for those that are; ``problems`` are places and words in the grid."""

    rows: list[Row]
    caps: dict[str, Counted]
    problems: list[tuple[str, str]]

    @property
    def kept(self) -> list[Row]:
        """The rows of the runs that are not left out."""
        return [row for row in self.rows if row["left_out"] is None]

    @property
    def left_out(self) -> list[Row]:
        """The others."""
        return [row for row in self.rows if row["left_out"] is not None]

    def facts(self) -> dict[str, Any]:
        """What ``plan.json`` says of the runs: which are kept, which are left out; those of an estimate have no id."""
        return {"runs": len(self.kept), "run_ids": _ids(self.kept), "left_out": _ids(self.left_out)}

    def refusal(self, document: Document) -> str | None:
        """Why the limit does not hold, with the place in the grid; none when it does."""
        told = [document.problem(("limit", name), words).text for name, words in self.problems]
        return "\n".join(told) or None


def _ids(rows: Sequence[Row]) -> list[str]:
    return [row["run_id"] for row in rows if row["run_id"] is not None]


def hold(
    results: Path, study: str, rows: Sequence[Row], keys: Sequence[str], evaluation_id: str, limit: Limit | None
) -> Held:
    """Hold a plan to its limit; ``keys`` are the runs' ids, also for an estimate, whose rows have none.

    Runs that are scored on the study's evaluation, or under way, are kept and take no more than the ledger says.
    """
    open_rows = [row | {"left_out": None} for row in rows]
    impossible = _impossible(rows, limit) if limit else []
    if limit is None or impossible or not rows:
        return Held(open_rows, {}, impossible)
    ledger, dollars = Account(results, study).read(), price(rows[0])
    spent, reserved = (counted(amounts, limit) for amounts in (ledger.spent(dollars), ledger.reserved(dollars)))
    every = candidates(open_rows, keys, results, evaluation_id, limit, ledger.under_way)
    return _held(Budget(limit, spent, reserved), every)


def _held(budget: Budget, every: list[Candidate]) -> Held:
    problems, chosen = _chosen(budget, every)
    caps = budget.limit.caps
    told = " and ".join(amount(cap, name) for name, cap in caps.items())
    keys, to_do = {run.key for run in chosen}, budget.to_do(chosen)
    why = f"{budget.limit.fit}: over the limit of {told}"
    return Held(
        [run.row if run.key in keys else run.row | {"left_out": why} for run in every],
        {name: Counted(cap, budget.spent[name], budget.reserved[name], to_do[name]) for name, cap in caps.items()},
        problems,
    )


def _chosen(budget: Budget, every: list[Candidate]) -> tuple[list[tuple[str, str]], list[Candidate]]:
    """What is over the caps, and the runs that are kept: all of them where something is."""
    if all(run.settled for run in every) or not over(budget.total(budget.to_do(every)), budget.limit):
        return [], every
    if budget.limit.fit == "refuse":
        ways = "raise it, plan fewer runs, or add `fit: drop_last`, cheapest_first or shrink_seeds to leave some out"
        return _problems(budget, every, "", ways), every
    family = WAYS[budget.limit.fit](every)
    chosen = family.largest(budget)
    if any(not run.is_trial for run in chosen):
        return [], chosen
    return _problems(budget, family.first(1), f" for {family.smallest} alone", "raise it"), every


def _problems(budget: Budget, runs: list[Candidate], words: str, way_out: str) -> list[tuple[str, str]]:
    to_do = budget.to_do(runs)
    total = budget.total(to_do)
    passed = over(total, budget.limit)
    return [(name, _problem(budget, name, total[name], to_do[name], words, way_out)) for name in passed]


def _problem(budget: Budget, name: str, total: float, to_do: float, words: str, way_out: str) -> str:
    gone = budget.spent[name] + budget.reserved[name]
    parts = f" ({amount(gone, name)} spent or reserved, {amount(to_do, name)} to do)" if gone else ""
    cap = amount(budget.limit.caps[name], name)
    more = amount(total - budget.limit.caps[name], name)
    needs = f"the plan needs {amount(total, name)}{words}{parts}, start-up and scoring included"
    return f"{needs}, {more} over the limit of {cap}; {way_out}"


def _impossible(rows: Sequence[Row], limit: Limit) -> list[tuple[str, str]]:
    """Caps that nothing could be counted against."""
    found = []
    unpriced = next((row["gpu"] for row in rows if price(row) is None), None)
    if limit.dollars is not None and unpriced is not None:
        found.append(("dollars", f"{unpriced} has no price; give it in hardware.yaml as `prices: {{{unpriced}: ...}}`"))
    most = max(map(devices, rows), default=0)
    if limit.gpus is not None and most > limit.gpus:
        what = "GPUs" if rows[0]["gpus"] else "CPU threads"
        found.append(("gpus", f"a run takes {most} {what} at once, got {limit.gpus}; give at least {most}"))
    return found
