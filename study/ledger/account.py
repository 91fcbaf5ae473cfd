"""A study's ledger on disk: locked, written whole, settled for whoever died.

A process holds a lock file of its own while its reservation stands, and the system frees that lock however the process
ends. So whoever opens the ledger next sees which reservations are nobody's, and settles them by ``attempts.json``.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from study import io
from study.config.grid import Limit
from study.errors import BusyError, OverBudgetError, StorageError
from study.ledger.amounts import Due
from study.ledger.book import Entry, Ledger, Reservation
from study.ledger.limit import refusal
from study.ledger.worked import attempts, took


class Account:
    """``results/NAME/ledger.json``; ``price`` is dollars a device-hour, for the limit and what had none before."""

    def __init__(self, results: Path, study: str, limit: Limit | None = None, price: float | None = None) -> None:
        self.study, self.limit, self.price = study, limit, price
        self.folder, self.runs = results / study, results / "runs"
        self.path = self.folder / "ledger.json"

    def read(self) -> Ledger:
        """The ledger as it stands, reservations of processes that died settled; nothing is written.

        Raises StorageError when the file is damaged.
        """
        ledger = self._on_disk()
        for run_id, reservation in ledger.under_way.items():
            if not io.is_locked(self._held(run_id)):
                hours, kwh = took(self.runs / run_id, reservation)
                ledger = ledger.with_run(run_id, ledger.runs[run_id].settled(hours, kwh))
        return ledger

    def forbids(self, ledger: Ledger, due: Due) -> str | None:
        """Why the limit keeps a run from starting; none when it may, as a run with nothing left to do always may."""
        if self.limit is None or due.hours == 0:
            return None
        spent, reserved = ledger.spent(self.price), ledger.reserved(self.price)
        return refusal(spent, reserved, due.amounts.priced(self.price), self.limit)

    def check(self, run_id: str, due: Due) -> None:
        """Raise OverBudgetError, and note it in the ledger, when the limit forbids a run to start."""
        with self._open():
            self._admitted(run_id, due)

    @contextmanager
    def reserve(self, run_id: str, due: Due, started: float) -> Iterator[None]:
        """Reserve what is due to a run; settle by the clock, running since ``started``, when the block ends.

        Raises OverBudgetError as ``check`` does, BusyError when another process works on the run for this study.
        """
        with ExitStack() as held:
            with self._open():
                ledger = self._admitted(run_id, due)
                entry = ledger.runs.get(run_id, Entry())
                if entry.reserved is not None:
                    raise BusyError(f"{run_id} is in use by process {entry.reserved.process}; wait for it, or stop it")
                reservation = self._reservation(run_id, due)
                held.enter_context(io.lock(self._held(run_id), wait=True))
                self._write(ledger.with_run(run_id, entry.model_copy(update={"reserved": reservation})))
            try:
                yield
            finally:
                with self._open():
                    self._settle(run_id, reservation, (time.monotonic() - started) / 3600)
                    self._held(run_id).unlink(missing_ok=True)

    def _admitted(self, run_id: str, due: Due) -> Ledger:
        ledger = self.read()
        why = self.forbids(ledger, due)
        if why is not None:
            self._write(ledger.with_refused(run_id, why))
            raise OverBudgetError(f"{run_id} of study {self.study} is not started: {why}")
        return ledger

    def _reservation(self, run_id: str, due: Due) -> Reservation:
        return Reservation(
            due=due,
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            process=f"{os.getpid()} on {platform.node()}",
            attempts_before=len(attempts(self.runs / run_id)),
        )

    def _settle(self, run_id: str, reservation: Reservation, hours: float) -> None:
        ledger = self.read()
        entry = ledger.runs.get(run_id, Entry()).model_copy(update={"reserved": reservation})
        hours, kwh = took(self.runs / run_id, reservation, hours)
        self._write(ledger.with_run(run_id, entry.settled(hours, kwh)))

    def _open(self) -> AbstractContextManager[None]:
        return io.lock(self.folder / ".ledger.lock", wait=True)

    def _held(self, run_id: str) -> Path:
        return self.folder / ".reservations" / run_id

    def _write(self, ledger: Ledger) -> None:
        io.write_json(self.path, ledger.model_dump(mode="json"))

    def _on_disk(self) -> Ledger:
        if not self.path.exists():
            return Ledger()
        try:
            return Ledger.model_validate(io.read_json(self.path))
        except (ValidationError, StorageError) as error:
            raise StorageError(
                f"{self.path} is no ledger ({str(error).splitlines()[0]}); put an earlier copy back, or move it away: "
                "what the study has spent so far then counts as nothing"
            ) from error
