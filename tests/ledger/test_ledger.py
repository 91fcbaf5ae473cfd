"""The ledger: what is reserved and spent, by whom it is settled, and what the limit keeps from starting."""

import os
import signal
import subprocess
import sys
import time
from datetime import datetime

import pytest

from study import io
from study.config import Limit
from study.errors import BusyError, OverBudgetError, StorageError
from study.ledger import Account, Amounts, Due

AN_HOUR = Amounts(gpu_hours=2, device_hours=2, kwh=1.4, dollars=5.0)  # of a process on two GPUs
RUN = "r0123456789ab"


@pytest.fixture
def open_account(tmp_path):
    def make(price=None, **caps):
        return Account(tmp_path, "little", Limit(**caps) if caps else None, price)

    return make


@pytest.fixture
def work(open_account):
    """A function: a process that is due some hours and takes others."""

    def run(due=1.0, took=1.0, run_id=RUN, an_hour=AN_HOUR, account=None, **caps):
        held = (account or open_account(**caps)).reserve(
            run_id, Due(an_hour=an_hour, hours=due), time.monotonic() - took * 3600
        )
        with held:
            pass

    return run


def attempt(first, last, hours, **more):
    return {"started": "2025-01-01T00:00:00", "host": "here", "first_sample": first, "last_sample": last,
            "wall_hours": hours, **more}  # fmt: skip


def near(**amounts):
    return pytest.approx({"gpu_hours": 0, "device_hours": 0, "kwh": 0, "dollars": 0} | amounts, abs=1e-3)


def spent(account):
    return account.read().spent(account.price).model_dump()


def test_a_run_reserves_what_is_due_and_settles_what_it_took(open_account):
    account = open_account()
    with account.reserve(RUN, Due(an_hour=AN_HOUR, hours=3), time.monotonic() - 1800):
        now = account.read()
        assert now.reserved().model_dump() == near(gpu_hours=6, device_hours=6, kwh=4.2, dollars=15)
        assert list(now.under_way) == [RUN]
        assert str(os.getpid()) in now.under_way[RUN].process
    assert spent(account) == near(gpu_hours=1, device_hours=1, kwh=0.7, dollars=2.5)
    assert account.read().reserved().model_dump() == near()
    assert not list((account.folder / ".reservations").iterdir())


def test_every_process_counts_however_it_ended(open_account, work):
    work(took=1)
    with pytest.raises(RuntimeError), open_account().reserve(RUN, Due(an_hour=AN_HOUR, hours=1), time.monotonic()):
        raise RuntimeError
    work(took=2, run_id="r1")
    ledger = open_account().read()
    assert (ledger.runs[RUN].processes, ledger.runs["r1"].processes) == (2, 1)
    assert ledger.spent().model_dump() == near(gpu_hours=6, device_hours=6, kwh=4.2, dollars=15)


@pytest.mark.parametrize(
    ("caps", "told"),
    [
        ({"gpu_hours": 5}, "it would take 4 GPU-hours on top of 2 GPU-hours spent and 0 GPU-hours reserved, over the "
                           "limit of 5 GPU-hours; raise limit.gpu_hours in the grid and run the same command again"),
        ({"dollars": 14}, "it would take $10 on top of $5 spent"),
        ({"kwh": 4}, "it would take 2.8 kWh on top of 1.4 kWh spent"),
        ({"wall_hours": 0.7, "gpus": 8}, "it would take 0.5 wall hours on top of 0.25 wall hours spent"),
    ],
)  # fmt: skip
def test_a_run_that_would_pass_a_cap_does_not_start_until_it_is_raised(open_account, work, caps, told):
    work(took=1)
    with pytest.raises(OverBudgetError) as caught:
        work(due=2, run_id="r1", **caps)
    assert f"r1 of study little is not started: {told}" in str(caught.value)
    assert told in open_account().read().refused["r1"]
    assert "r1" not in open_account().read().runs
    work(due=2, took=2, run_id="r1", **{name: cap if name == "gpus" else 2 * cap for name, cap in caps.items()})
    assert open_account().read().refused == {}


def test_reservations_of_others_count(open_account, work):
    with open_account().reserve("r1", Due(an_hour=AN_HOUR, hours=1), time.monotonic()):
        with pytest.raises(OverBudgetError, match="0 GPU-hours spent and 2 GPU-hours reserved"):
            work(due=1, gpu_hours=3)
        work(due=0.5, took=0, gpu_hours=3)
        with pytest.raises(BusyError, match=f"r1 is in use by process {os.getpid()} on "):
            work(run_id="r1")


def test_a_run_with_nothing_left_to_do_may_end_over_the_cap(work, open_account):
    work(took=3)
    work(due=0, took=0, gpu_hours=1)
    assert open_account().read().runs[RUN].processes == 2


def test_what_was_spent_before_there_was_a_price_counts_at_todays(open_account, work):
    unpriced = AN_HOUR.model_copy(update={"dollars": None})
    work(took=1, an_hour=unpriced)
    assert open_account().read().spent().dollars is None
    assert spent(open_account(price=3.0))["dollars"] == pytest.approx(6.0, abs=1e-2)
    with pytest.raises(OverBudgetError, match=r"it would take \$6 on top of \$6 spent"):
        work(run_id="r1", an_hour=unpriced, account=open_account(price=3.0, dollars=10))


def test_measured_energy_is_counted_in_the_place_of_predicted(open_account):
    account = open_account()
    with account.reserve(RUN, Due(an_hour=AN_HOUR, hours=3), time.monotonic() - 3600):
        measured = attempt(0, 100, 0.5, energy_kwh=0.3, energy_source="nvml")
        io.write_json(account.runs / RUN / "attempts.json", [measured])
    assert spent(account)["kwh"] == pytest.approx(0.6, abs=1e-3)


SCRIPT = """
import sys, time
from pathlib import Path
from study.config import Limit
from study.errors import OverBudgetError
from study.ledger import Account, Amounts, Due
results, run_id = Path(sys.argv[1]), sys.argv[2]
due = Due(an_hour=Amounts(gpu_hours=1, device_hours=1), hours=1)
try:
    with Account(results, "little", Limit(gpu_hours=3)).reserve(run_id, due, time.monotonic()):
        print("started", flush=True)
        sys.stdin.readline()
except OverBudgetError:
    print("refused", flush=True)
"""


@pytest.fixture
def processes(tmp_path):
    """A function that starts processes which reserve an hour of 3 each, and hold it until they are spoken to."""
    begun = []

    def start(*run_ids):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        new = [subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path), run_id], **pipes) for run_id in run_ids]
        begun.extend(new)
        return new

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def test_processes_at_once_never_reserve_more_than_the_cap(processes, open_account):
    several = processes(*(f"r{index}" for index in range(6)))
    said = [process.stdout.readline().strip() for process in several]
    assert sorted(said) == ["refused"] * 3 + ["started"] * 3
    account = open_account()
    assert account.read().reserved().gpu_hours == 3
    assert set(account.read().refused) == {f"r{i}" for i, word in enumerate(said) if word == "refused"}
    for process in several:
        process.communicate("end\n")
    assert account.read().under_way == {}
    assert len(account.read().runs) == 3


@pytest.mark.parametrize(("touched_after", "hours"), [(1800, 0.5), (None, 1.0)])
def test_a_killed_process_is_settled_by_whoever_looks_next(processes, open_account, work, touched_after, hours):
    account = open_account(gpu_hours=3)
    (process,) = processes(RUN)
    assert process.stdout.readline() == "started\n"
    since = datetime.fromisoformat(account.read().under_way[RUN].since).timestamp()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (file,) = (account.folder / ".reservations").iterdir()
    os.utime(file, (since + touched_after,) * 2) if touched_after else file.unlink()
    before = account.path.read_bytes()
    assert account.read().spent().gpu_hours == pytest.approx(hours)
    assert account.path.read_bytes() == before, "reading writes nothing"
    work(due=0.5, took=1, run_id="r1", account=account)
    entries = account.read().runs
    assert (entries[RUN].total.gpu_hours, entries[RUN].reserved) == (pytest.approx(hours), None)
    assert b'reserved": null' in account.path.read_bytes()
    assert not list((account.folder / ".reservations").iterdir())


def test_a_process_under_way_touches_its_file(open_account, monkeypatch):
    monkeypatch.setattr("study.clock.TICK_SECONDS", 0.01)
    with open_account().reserve(RUN, Due(an_hour=AN_HOUR, hours=1), time.monotonic()):
        (file,) = (open_account().folder / ".reservations").iterdir()
        os.utime(file, (0, 0))
        while file.stat().st_mtime < time.time() - 100:
            time.sleep(0.01)


@pytest.mark.parametrize("content", ["{", "[]", '{"runs": {"r1": 3}}', '{"spent": 4}'])
def test_a_damaged_ledger_is_told_with_a_way_out(open_account, work, content):
    account = open_account()
    io.write_text(account.path, content)
    with pytest.raises(StorageError, match=r"ledger\.json is no ledger .*; put an earlier copy back, or move it away"):
        work()
    assert account.path.read_text() == content
