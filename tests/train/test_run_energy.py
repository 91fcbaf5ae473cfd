"""A run's energy over all the processes that worked on it, by the counters of a made-up machine."""

import time

import pytest

from study import io
from study.records import Attempt
from study.train.attempts import Attempts
from study.train.device import place
from study.train.run import Switches, train_run

BEFORE = Attempt(started="2025-01-01", host="a", first_sample=0, last_sample=0, wall_hours=1.0)


@pytest.fixture
def trained(planned_run, tmp_path, monkeypatch):
    """A function that trains a run on a machine with still counters, or with none, after one process's attempt."""

    def train(before, counters=True):
        package = tmp_path / "powercap" / "intel-rapl:0"
        monkeypatch.setattr("study.measure.rapl.POWERCAP", package.parent)
        files = {"name": "package-0", "energy_uj": 5, "max_energy_range_uj": 262_143_328_850} if counters else {}
        for name, value in files.items():
            io.write_text(package / name, f"{value}\n")
        path = planned_run()
        io.write_json(path.parent / "attempts.json", [before.model_dump()])
        outcome = train_run(path, path.parents[2], Switches(lambda: place("cpu", 1), print)).outcome
        written = [Attempt.model_validate(entry) for entry in io.read_json(path.parent / "attempts.json")]
        return outcome, written

    return train


def test_measured_attempts_are_added_up(trained):
    before = BEFORE.model_copy(update={"energy_kwh": 1.5, "energy_source": "rapl"})
    outcome, written = trained(before)
    assert (outcome.cost.energy_kwh, outcome.cost.energy_source) == (1.5, "rapl")
    assert [(attempt.energy_kwh, attempt.energy_source) for attempt in written] == [(1.5, "rapl"), (0.0, "rapl")]
    assert outcome.attempts[0] == before


class Growing:
    """A meter that counts how often it was read."""

    source = "rapl"

    readings = 0

    def joules(self):
        self.readings += 1
        return float(self.readings)


def test_the_meter_is_read_while_the_run_does_something_else(tmp_path, monkeypatch):
    meter = Growing()
    monkeypatch.setattr("study.train.attempts.open_meter", lambda load: meter)
    monkeypatch.setattr("study.clock.TICK_SECONDS", 0.01)
    with place("cpu", 1) as here, Attempts(tmp_path, 0.0, here).measured():
        while meter.readings < 3:
            time.sleep(0.01)


@pytest.mark.parametrize(
    ("before", "counters"),
    [
        (BEFORE, True),
        (BEFORE.model_copy(update={"energy_kwh": 1.5, "energy_source": "rapl"}), False),
        (BEFORE.model_copy(update={"energy_kwh": 1.5, "energy_source": "nvml"}), True),
    ],
    ids=["not measured before", "not measured now", "measured otherwise before"],
)
def test_what_was_not_all_measured_alike_is_not_measured(trained, before, counters):
    outcome, _ = trained(before, counters)
    assert (outcome.cost.energy_kwh, outcome.cost.energy_source) == (None, None)
