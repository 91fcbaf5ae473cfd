"""Processes of other machines, whose locks may not reach this one; ledgers of the first form."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from study import io
from study.config import Limit
from study.errors import BusyError
from study.ledger import Account, Amounts, Due

DUE = Due(an_hour=Amounts(gpu_hours=1, device_hours=1), hours=10)


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path, "little", Limit(gpu_hours=100))


@pytest.fixture
def elsewhere(account):
    """A function: the reservation of a process on another machine, that last touched its file so long ago."""

    def reserve(silent_seconds, begun_hours=2.0):
        now = datetime.now(UTC)
        reservation = {
            "id": "a1", "due": DUE.model_dump(), "since": (now - timedelta(hours=begun_hours)).isoformat(),
            "host": "another", "process": "7 on another", "attempts_before": 0,
        }  # fmt: skip
        io.write_json(account.path, {"runs": {"r0": {"reserved": reservation}}})
        file = account.folder / ".reservations" / "r0-a1"
        io.write_text(file, "")
        os.utime(file, (now.timestamp() - silent_seconds,) * 2)

    return reserve


def test_a_free_lock_of_another_machine_does_not_end_a_process_that_touches_its_file(account, elsewhere):
    elsewhere(silent_seconds=60)
    assert list(account.read().under_way) == ["r0"]
    with pytest.raises(BusyError, match="r0 is in use by process 7 on another"):
        account.reserve("r0", DUE, time.monotonic()).__enter__()


def test_one_that_has_been_silent_for_minutes_is_settled_by_its_last_touch(account, elsewhere):
    elsewhere(silent_seconds=1800)
    ledger = account.read()
    assert ledger.under_way == {}
    assert ledger.spent().gpu_hours == pytest.approx(1.5, abs=1e-3)


def test_a_process_that_was_taken_for_dead_is_paid_once_and_leaves_the_next_ones_reservation(account):
    with account.reserve("r0", DUE, time.monotonic() - 4 * 3600):
        lost = account.read()
        reservation = lost.under_way["r0"]
        entry = lost.runs["r0"].given_up(reservation, reservation.took(3.0, None))
        io.write_json(account.path, lost.with_run("r0", entry).model_dump(mode="json"))
        assert account.read().spent().gpu_hours == 3
        after = account.reserve("r0", DUE, time.monotonic())
        after.__enter__()
    ledger = account.read()
    assert ledger.spent().gpu_hours == pytest.approx(4, abs=1e-3)
    assert list(ledger.under_way) == ["r0"]
    after.__exit__(None, None, None)
    assert (account.read().under_way, account.read().runs["r0"].processes) == ({}, 2)
    assert account.read().spent().gpu_hours == pytest.approx(4, abs=1e-3)


def test_a_ledger_of_the_first_form_is_read_and_its_dead_process_took_what_it_was_due(account):
    reservation = {"due": DUE.model_dump(), "since": "2025-01-01T00:00:00+00:00", "process": "7 on here",
                   "attempts_before": 0}  # fmt: skip
    spent = {"gpu_hours": 5.0, "device_hours": 5.0, "kwh": 0.1, "dollars": None}
    runs = {"r0": {"spent": spent, "processes": 1, "reserved": reservation}}
    io.write_json(account.path, {"runs": runs, "refused": {"r1": "it would take 2"}})
    ledger = account.read()
    assert (ledger.spent().gpu_hours, ledger.under_way, list(ledger.refused)) == (15, {}, ["r1"])
