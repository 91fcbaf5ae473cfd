"""A process's claim on its study's budget: what it is predicted to take, and the ledger that it is held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from study.ledger import Account, Due
from study.plan.due import Place, nothing, price, scoring, training
from study.plan.table import StudyTable
from study.saved import is_trained, samples_saved


class Claim(NamedTuple):
    """A run of a study that is about to be trained or scored; ``begin`` says what is due from so many samples on."""

    account: Account
    run_id: str
    due: Due
    begin: Callable[[int], Due]

    def check(self) -> None:
        """Raise OverBudgetError when the study's limit forbids the run to start."""
        self.account.check(self.run_id, self.due)

    @contextmanager
    def held(self, started: float) -> Iterator[Callable[[int], None]]:
        """Reserve it while the block runs; ``started`` is the process's own start on the monotonic clock.

        Yields what is to be told from how many samples on the run is trained in truth: where more is to be done than
        its checkpoints' names said, that is reserved, or OverBudgetError raised.
        """
        with self.account.reserve(self.run_id, self.due, started) as extend:
            yield lambda samples: extend(self.begin(samples))


def account(table: StudyTable) -> Account:
    """The ledger of a study with its limit, and its device's price as planned."""
    prices = [price(row) for row in table.rows.head(1).to_dicts()]
    return Account(table.folder.parent, table.name, table.limit, next(iter(prices), None))


def claim_training(run: Path, results: Path, study: str | None, place: Place) -> Claim | None:
    """The claim of who trains a run; none outside a study, and with an outcome.

    Raises PlanError for a run of another study.
    """
    if study is None or (run / "outcome.json").exists():
        return None
    table = StudyTable(results, study)
    begin = partial(training, table.row(run.name), place)
    due = nothing(table.row(run.name), place) if is_trained(run) else begin(samples_saved(run))
    return Claim(account(table), run.name, due, begin)


def claim_scoring(run: Path, results: Path, study: str | None, place: Place) -> Claim | None:
    """The claim of who scores a trained run in a process of its own; none outside a study."""
    if study is None:
        return None
    table = StudyTable(results, study)
    due = scoring(table.row(run.name), place)
    return Claim(account(table), run.name, due, lambda samples: due)
