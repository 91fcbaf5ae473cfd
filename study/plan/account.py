"""A run's claim on its study's budget: what it is predicted to take still, and the ledger that it is held to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from study.ledger import Account, Due
from study.plan.due import due, price
from study.plan.table import StudyTable


class Claim(NamedTuple):
    """A run of a study that is about to be trained."""

    account: Account
    run_id: str
    due: Due

    def check(self) -> None:
        """Raise OverBudgetError when the study's limit forbids the run to start."""
        self.account.check(self.run_id, self.due)

    @contextmanager
    def held(self, started: float) -> Iterator[None]:
        """Reserve it while the block runs; ``started`` is the process's own start on the monotonic clock."""
        with self.account.reserve(self.run_id, self.due, started):
            yield


def account(table: StudyTable) -> Account:
    """The ledger of a study with its limit, and its device's price as planned."""
    prices = [price(row) for row in table.rows.head(1).to_dicts()]
    return Account(table.folder.parent, table.name, table.limit, next(iter(prices), None))


def claim(run_folder: Path, results: Path, study: str | None) -> Claim | None:
    """A run's claim; none for a run outside a study or with an outcome, and in processes that do not lead.

    Raises PlanError for a run of another study.
    """
    ended = (run_folder / "outcome.json").exists()
    if study is None or ended or os.environ.get("RANK", "0") != "0":
        return None
    table = StudyTable(results, study)
    return Claim(account(table), run_folder.name, due(table.row(run_folder.name), results))
