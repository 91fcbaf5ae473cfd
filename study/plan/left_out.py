"""Which runs a plan keeps when not all of them fit its limit: the ways that a grid's ``fit:`` may name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from study.ledger import over
from study.plan.candidates import Budget, Candidate

Kept = list[Candidate]


@dataclass(frozen=True)
class Family:
    """Sets of runs, each a part of the next: the first ``n`` of something, for ``n`` from 0 to ``most``."""

    most: int
    first: Callable[[int], Kept]
    smallest: str  # the set for 1, in words

    def largest(self, budget: Budget) -> Kept:
        """The largest of the sets that holds the limit, by bisection; the one for 0 where none does."""
        low, high = 0, self.most
        while low < high:
            middle = (low + high + 1) // 2
            if over(budget.total(budget.to_do(self.first(middle))), budget.limit):
                high = middle - 1
            else:
                low = middle
        return self.first(low)


def drop_last(every: Sequence[Candidate]) -> Family:
    """Runs in the order of the grid."""
    return _in_order(every, [run for run in every if not run.is_trial], "its first run")


def cheapest_first(every: Sequence[Candidate]) -> Family:
    """Runs in the order of what they and their trials take, the grid's order among equal ones."""
    by_key = {run.key: run for run in every}

    def cost(run: Candidate) -> float:
        return sum(one.hours * one.job.devices for one in (run, *(by_key[key] for key in run.needs)))

    return _in_order(every, sorted((run for run in every if not run.is_trial), key=cost), "its cheapest run")


def _in_order(every: Sequence[Candidate], ordered: Sequence[Candidate], smallest: str) -> Family:
    open_ones = [run for run in ordered if not run.settled]
    return Family(len(open_ones), lambda n: _with_trials(every, open_ones[:n]), smallest)


def shrink_seeds(every: Sequence[Candidate]) -> Family:
    """The same number of seeds of each setting: its first ones in the grid."""
    seeds: dict[str, Kept] = {}
    for run in every:
        if not run.is_trial:
            seeds.setdefault(run.row["setting"], []).append(run)
    most = max(map(len, seeds.values()), default=0)
    return Family(
        most, lambda n: _with_trials(every, [r for s in seeds.values() for r in s[:n]]), "one seed of each setting"
    )


def _with_trials(every: Sequence[Candidate], wanted: Sequence[Candidate]) -> Kept:
    """The wanted runs, the trials that they need, and whatever is settled; in the order of the grid."""
    keys = {run.key for run in wanted} | {key for run in wanted for key in run.needs}
    return [run for run in every if run.key in keys or run.settled]


WAYS: dict[str, Callable[[Sequence[Candidate]], Family]] = {
    "drop_last": drop_last,
    "cheapest_first": cheapest_first,
    "shrink_seeds": shrink_seeds,
}
