"""Runs that take longer than they were due, or turn out to have more to do than their checkpoints' names said."""

import time

import pytest

from study import io
from study.config import Limit
from study.errors import OverBudgetError
from study.ledger import Account, Amounts, Due
from study.plan.status import _budget

ONE = Amounts(gpu_hours=1, device_hours=1, kwh=0.5, dollars=2.0)


@pytest.fixture
def account(tmp_path):
    return Account(tmp_path, "little", Limit(gpu_hours=100))


def begun(hours):
    return time.monotonic() - hours * 3600


def test_runs_that_overrun_count_what_they_have_taken(account):
    with (
        account.reserve("r0", Due(an_hour=ONE, hours=10), begun(40)),
        account.reserve("r1", Due(an_hour=ONE, hours=10), begun(45)),
    ):
        ledger = account.read()
        assert ledger.reserved().gpu_hours == pytest.approx(85, abs=1e-2)
        assert _budget(account, ledger)["gpu_hours"]["left"] == pytest.approx(15, abs=1e-2)
        with pytest.raises(OverBudgetError, match="0 GPU-hours spent and 85 GPU-hours reserved"):
            account.check("r2", Due(an_hour=ONE, hours=16))
        account.check("r2", Due(an_hour=ONE, hours=14))


def test_what_turns_out_to_be_due_is_reserved_when_it_fits(account):
    with account.reserve("r0", Due(an_hour=ONE, hours=0), time.monotonic()) as extend:
        extend(Due(an_hour=ONE, hours=60))
        assert account.read().reserved().gpu_hours == 60
    assert account.read().reserved().gpu_hours == 0


def test_what_turns_out_to_be_due_is_refused_when_it_does_not_fit(account):
    io.write_json(account.path, {"runs": {"r1": {"spent": {"gpu_hours": 100}}}})
    told = "r0 of study little is not trained: it would take 60 GPU-hours on top of 100 GPU-hours spent and 0 GPU-hours"
    with (
        pytest.raises(OverBudgetError, match=told),
        account.reserve("r0", Due(an_hour=ONE, hours=0), begun(1)) as extend,
    ):
        extend(Due(an_hour=ONE, hours=60))
    ledger = account.read()
    assert "it would take 60" in ledger.refused["r0"]
    assert ledger.spent().gpu_hours == pytest.approx(101, abs=1e-2), "its start-up is spent"
