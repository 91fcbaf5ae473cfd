"""Which of the waiting jobs a machine starts."""

from study.launch import Resources
from study.launch.local.slots import Slots, chosen, memory_mb

WHOLE = Slots(8, ("0", "1"), 1000)


def starting(*asked, free=WHOLE):
    return chosen([Resources.of(one) for one in asked], WHOLE, free)


def test_as_many_as_fit():
    assert starting({"cpus": 4}, {"cpus": 4}, {"cpus": 1}) == [0, 1]


def test_none_overtakes_another_for_what_is_short():
    assert starting({"gpus": 1}, {"gpus": 2}, {"gpus": 1}, {"cpus": 2}) == [0, 3]


def test_memory_is_shared_out_too_where_it_is_asked_for():
    assert starting({"mem_mb": 600}, {"mem_mb": 600}, {"mem_mb": 100}, {}) == [0, 3]


def test_a_job_that_asks_for_more_than_there_is_runs_alone():
    assert starting({"cpus": 64, "mem_mb": 10**6}) == [0]
    assert starting({"cpus": 64}, free=Slots(7, (), 0)) == []


def test_this_machine_has_memory():
    assert 0 < memory_mb() < 2**30
