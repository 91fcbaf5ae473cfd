"""A study's ledger on disk: locked, written whole, settled for whoever died.

A process holds and touches a file of its own while its reservation stands. So whoever opens the ledger next sees which
reservations are nobody's, and settles them by the last touch; should such a process end after all, it puts that right.
"""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from study import io
from study.clock import ticking, utc_now
from study.config.grid import Limit
from study.errors import BusyError, OverBudgetError
from study.ledger.alive import hours_of_the_dead, is_alive, touch
from study.ledger.amounts import Amounts, Due
from study.ledger.book import Entry, Ledger, Reservation, read_ledger
from study.ledger.limit import refusal
from study.ledger.worked import attempts, measured_kwh


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
        ledger = read_ledger(self.path)
        for run_id, reservation in ledger.under_way.items():
            file = self._file(run_id, reservation)
            if not is_alive(file, reservation):
                took = self._took(run_id, reservation, hours_of_the_dead(file, reservation))
                ledger = ledger.with_run(run_id, ledger.runs[run_id].given_up(reservation, took))
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
    def reserve(self, run_id: str, due: Due, started: float) -> Iterator[Callable[[Due], None]]:
        """Reserve what is due to a run; settle by the clock, running since ``started``, when the block ends.

        Yields a function for what turns out to be due: more is reserved then, or OverBudgetError raised.
        Raises OverBudgetError as ``check`` does, BusyError when another process works on the run for this study.
        """
        with ExitStack() as held:
            with self._open():
                ledger = self._admitted(run_id, due)
                entry = ledger.runs.get(run_id, Entry())
                if entry.reserved is not None:
                    raise BusyError(f"{run_id} is in use by process {entry.reserved.process}; wait for it, or stop it")
                reservation = self._reservation(run_id, due, started)
                file = self._file(run_id, reservation)
                held.enter_context(io.lock(file, wait=True))
                self._write(ledger.with_run(run_id, entry.model_copy(update={"reserved": reservation})))
            held.enter_context(ticking(partial(touch, file)))
            try:
                yield partial(self._extend, run_id, reservation)
            finally:
                with self._open():
                    self._settle(run_id, reservation, (time.monotonic() - started) / 3600)

    def _admitted(self, run_id: str, due: Due) -> Ledger:
        ledger = self.read()
        why = self.forbids(ledger, due)
        if why is not None:
            self._write(ledger.with_refused(run_id, why))
            raise OverBudgetError(f"{run_id} of study {self.study} is not started: {why}")
        return ledger

    def _reservation(self, run_id: str, due: Due, started: float) -> Reservation:
        since = utc_now() - timedelta(seconds=time.monotonic() - started)
        return Reservation(
            id=uuid.uuid4().hex[:12],
            due=due,
            since=since.isoformat(timespec="milliseconds"),
            host=platform.node(),
            process=f"{os.getpid()} on {platform.node()}",
            attempts_before=len(attempts(self.runs / run_id)),
        )

    def _extend(self, run_id: str, reservation: Reservation, due: Due) -> None:
        """Reserve more for a process under way, in the place of what it had."""
        if due.hours <= reservation.due.hours:
            return
        with self._open():
            ledger = self.read()
            entry = ledger.runs.get(run_id, Entry())
            others = ledger.with_run(run_id, entry.model_copy(update={"reserved": None}))
            why = self.forbids(others, due)
            if why is not None:
                self._write(ledger.with_refused(run_id, why))
                raise OverBudgetError(f"{run_id} of study {self.study} is not trained: {why}")
            more = reservation.model_copy(update={"due": due})
            self._write(ledger.with_run(run_id, entry.model_copy(update={"reserved": more})))

    def _settle(self, run_id: str, reservation: Reservation, hours: float) -> None:
        ledger = self.read()
        took = self._took(run_id, reservation, hours)
        self._write(ledger.with_run(run_id, ledger.runs.get(run_id, Entry()).ended(reservation, took)))

    def _took(self, run_id: str, reservation: Reservation, hours: float) -> Amounts:
        return reservation.took(hours, measured_kwh(self.runs / run_id, reservation, hours))

    def _open(self) -> AbstractContextManager[None]:
        return io.lock(self.folder / ".ledger.lock", wait=True)

    def _file(self, run_id: str, reservation: Reservation) -> Path:
        return self.folder / ".reservations" / f"{run_id}-{reservation.id}"

    def _write(self, ledger: Ledger) -> None:
        io.write_json(self.path, ledger.model_dump(mode="json"))
        kept = {self._file(*item) for item in ledger.under_way.items()}
        for file in set((self.folder / ".reservations").glob("*")) - kept:
            file.unlink(missing_ok=True)
