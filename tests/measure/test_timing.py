import time

import pytest
import torch

from study.errors import TooFewStepsError
from study.measure.timing import StepTimer, summarise, warmup_steps


def test_warm_up_is_dropped_and_the_spread_kept():
    spread = summarise([1000.0, *map(float, range(1, 12))], warmup=1)
    assert (spread.median, spread.p10, spread.p90, spread.n) == (6.0, 2.0, 10.0, 11)


def test_too_few_steps_are_refused():
    with pytest.raises(TooFewStepsError, match="4 steady steps, need 5"):
        summarise([1.0] * 5, warmup=1)


@pytest.mark.parametrize(("steps", "warmup"), [(1, 1), (50, 5), (1000, 20)])
def test_a_tenth_of_the_steps_is_warm_up_at_most_20(steps, warmup):
    assert warmup_steps(steps) == warmup


def test_a_step_covers_its_wait_for_data():
    timer = StepTimer(torch.device("cpu"))
    with timer.step():
        with timer.data():
            time.sleep(0.01)
        time.sleep(0.01)
    timer.settle()
    assert 10 <= timer.data_ms[0] < timer.step_ms[0]


def test_a_wait_that_a_gpu_computes_through_is_none(monkeypatch):
    host, free = 0.0, 0.0  # milliseconds: the process's clock, and when the stream has done what it was given

    class Event:
        def __init__(self, enable_timing):
            self.at = None

        def record(self):
            self.at = max(host, free)

        def synchronize(self):
            pass

        def elapsed_time(self, later):
            return later.at - self.at

    monkeypatch.setattr(torch.cuda, "Event", Event)
    timer = StepTimer(torch.device("cuda"))
    for wait in (5.0, 8.0, 20.0):
        with timer.step():
            with timer.data():
                host += wait
            free = max(host, free) + 10.0
    assert (timer.steps, timer.data_ms) == (3, [])  # nothing is read before it is asked for
    timer.settle()
    timer.settle()
    assert timer.data_ms == [5.0, 0.0, 8.0]
    assert timer.step_ms == [15.0, 10.0, 18.0]
