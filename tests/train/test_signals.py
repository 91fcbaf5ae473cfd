"""Who hears which signal: the trainer, while it trains and else; the processes that work for it."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from study.train.signals import as_worker, listening, warnings_let_pass

SIGNALS = (signal.SIGUSR2, signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_sets_the_flag_and_the_old_handlers_come_back(number):
    before = [signal.getsignal(one) for one in SIGNALS]
    with listening() as flag:
        assert not flag()
        os.kill(os.getpid(), number)
        assert flag()
        assert flag.reason == number.name
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_a_second_ctrl_c_ends_at_once():
    with listening():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_fork_that_did_not_ask_leaves_warnings_alone_and_ends_by_term():
    with listening() as flag:
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGUSR2)
            os.kill(os.getpid(), signal.SIGINT)
            os.write(writes, b"1" if flag() else b"0")
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.read(reads, 1) == b"0"
        assert os.WTERMSIG(status) == signal.SIGTERM
        assert not flag()


def work(ready):
    as_worker()
    ready.set()
    signal.pause()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_outlives_warnings_and_not_its_term(method):
    context = multiprocessing.get_context(method)
    with listening() as flag:
        ready = context.Event()
        worker = context.Process(target=work, args=(ready,))
        worker.start()
        assert ready.wait(600)
        os.kill(worker.pid, signal.SIGUSR2)
        os.kill(worker.pid, signal.SIGINT)
        worker.join(0.2)
        assert worker.is_alive()
        worker.terminate()
        worker.join(600)
        assert worker.exitcode == -signal.SIGTERM
        assert not flag()


def test_a_warning_is_let_pass_where_nothing_is_to_be_saved():
    before = signal.getsignal(signal.SIGUSR2)
    with warnings_let_pass():
        os.kill(os.getpid(), signal.SIGUSR2)
        with listening() as flag:
            os.kill(os.getpid(), signal.SIGUSR2)
        assert flag()
        os.kill(os.getpid(), signal.SIGUSR2)
    assert signal.getsignal(signal.SIGUSR2) == before


IMPORTING = """\
import os, sys
number = int(sys.argv.pop(1))
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "study.train.run":
            os.kill(os.getpid(), number)
sys.meta_path.insert(0, Finder())
from study.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGUSR2, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_before_training_a_warning_is_let_pass_and_term_ends_with_nothing_lost(planned_run, number, code):
    path = planned_run()
    command = [sys.executable, "-c", IMPORTING, str(int(number)), "train", str(path), "--device=cpu", "--threads=1"]
    assert subprocess.run(command, timeout=600).returncode == code
    assert (path.parent / "outcome.json").exists() == (code == 0)
    assert not (path.parent / "failure.json").exists()
