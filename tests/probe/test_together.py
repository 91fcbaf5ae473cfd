"""Processes that time a configuration side by side: one that is lost, or late, is told of."""

import os
import threading
import time
from functools import partial
from multiprocessing import get_context
from threading import BrokenBarrierError

import pytest

from study.errors import ProbeError
from study.probe.together import _answers, _Meeting

CONTEXT = get_context("spawn")


def started(*targets):
    queue = CONTEXT.Queue()
    processes = [CONTEXT.Process(target=target, args=(queue,)) for target in targets]
    for process in processes:
        process.start()
    return queue, processes


def answer(queue):
    queue.put(3)


def complain(queue):
    queue.put("no data")


def vanish(code, queue):
    os._exit(code)


@pytest.mark.parametrize("code", [0, 7])
def test_a_process_that_ends_without_an_answer_has_failed_whatever_its_code(code):
    with pytest.raises(ProbeError, match=rf"^a process ended without an answer, exit code {code}: killed, or no mem"):
        _answers(*started(answer, partial(vanish, code)))


def test_answers_of_processes_that_have_ended_are_heard():
    queue, processes = started(answer, answer)
    for process in processes:
        process.join()
    assert _answers(queue, processes) == [3, 3]


def test_a_reason_is_told():
    with pytest.raises(ProbeError, match=r"^no data$"):
        _answers(*started(complain))


def test_one_that_does_not_come_is_not_waited_for_for_ever():
    meeting = _Meeting(threading.Barrier(2), CONTEXT.Value("i", 0), 2, patience=0.05)
    with pytest.raises(TimeoutError, match=r"^waited 0\.05 s for another process$"):
        meeting.wait()
    meeting = _Meeting(threading.Barrier(1), CONTEXT.Value("i", 0), 2, patience=0.05)
    meeting.wait()
    meeting.done()
    assert not meeting.all_done()
    time.sleep(0.05)
    with pytest.raises(TimeoutError, match="for another process"):
        meeting.all_done()


def test_one_that_failed_is_left_to_say_why():
    barrier = threading.Barrier(2)
    barrier.abort()
    with pytest.raises(BrokenBarrierError):
        _Meeting(barrier, CONTEXT.Value("i", 0), 2).wait()
