"""Ranks on this machine: what they are given, how signals reach them, and whose end is the run's."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from study.errors import PlanError
from study.launch.ranks import run_ranks
from study.launch.ranks.ended import decisive
from tests.launch import test_inside

PATIENCE = 600
PARENT = "import sys; from study.launch.ranks import run_ranks; sys.exit(run_ranks(sys.argv[2:], int(sys.argv[1]), 1))"
READY = 'print("ready", flush=True)'
READIES = f"{READY}; open('ready' + os.environ['RANK'], 'w').close()"
ONCE = "def save(number, frame):\n"
SAVES = test_inside.SAVES.replace(READY, READIES).replace(
    ONCE, f"{ONCE}    signal.signal(signal.SIGUSR2, signal.SIG_IGN)\n"
)
LIVES = f"import os, time\n{READIES}\nwhile True: time.sleep(.05)\n"
FAILS = """
import os, sys, time
if os.environ["RANK"] == "1":
    print("study: the pool has changed", file=sys.stderr)
    sys.exit(2)
time.sleep(600 if "waits" in sys.argv else .5)
raise RuntimeError("Connection closed by peer")
"""
KILLED = (
    "import os, signal, time\nif os.environ['RANK'] == '1': os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(600)\n"
)
# the first writes what all wait for, and the others are ahead of it
SAVES_LAST = SAVES.replace("time.sleep(.3)", "time.sleep(.3 if os.environ['RANK'] != '0' else 7)")
TELLS = """
import os
names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
open(os.environ["RANK"], "w").write(" ".join(os.environ[name] for name in names))
print("rank", os.environ["RANK"])
"""


@pytest.fixture
def start(tmp_path):
    """Starts the parent of two ranks that are a script; gives the process, and its output as a function."""
    processes = []

    def begin(script, *arguments, ready=True, ranks=2):
        (tmp_path / "rank.py").write_text(script)
        output = tmp_path / "output.txt"
        command = [sys.executable, "-c", PARENT, str(ranks), sys.executable, str(tmp_path / "rank.py"), *arguments]
        env = os.environ | {"PYTHONPATH": os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])}
        with output.open("wb") as file:
            processes.append(subprocess.Popen(command, stdout=file, stderr=file, cwd=tmp_path, env=env))
        until(lambda: not ready or len(list(tmp_path.glob("ready?"))) == ranks)
        return processes[-1], output.read_text

    yield begin
    for process in processes:
        process.kill()
        process.wait()


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def children(pid):
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in told.split()]


def test_ranks_have_torchruns_variables_and_the_first_speaks(start, tmp_path):
    process, output = start(TELLS, ready=False, ranks=3)
    assert process.wait(PATIENCE) == 0
    assert output() == "rank 0\n"
    told = [(tmp_path / str(rank)).read_text().split() for rank in range(3)]
    assert [one[:5] for one in told] == [[str(rank), str(rank), "3", "3", "127.0.0.1"] for rank in range(3)]
    assert len({one[5] for one in told}) == 1


@pytest.mark.parametrize("number", [signal.SIGUSR2, signal.SIGTERM])
def test_a_signal_to_the_parent_reaches_all_who_save(start, number):
    process, output = start(SAVES)
    process.send_signal(number)
    assert process.wait(PATIENCE) == 75
    assert output().startswith(f"ready\nsaved by {number.name}\n")


def test_who_has_saved_is_no_failure_and_the_first_may_take_longer_than_the_others(start):
    process, output = start(SAVES_LAST)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 75
    assert "saved by SIGTERM" in output()


def test_the_warning_comes_again_to_a_rank_that_did_not_listen_yet(start):
    listens = "signal.signal(signal.SIGUSR2, save)"
    late = SAVES.replace(READIES, "").replace(listens, f"{READIES}; time.sleep(2); {listens}")
    process, output = start(late)
    process.send_signal(signal.SIGUSR2)
    assert process.wait(PATIENCE) == 75
    assert "ready\nsaved by SIGUSR2\n" in output()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ranks_that_do_not_listen_end_and_it_is_told_once(start, number):
    process, output = start(LIVES)
    process.send_signal(number)
    assert process.wait(PATIENCE) == 75
    assert output() == f"ready\nstudy: stopped by {number.name}; the same command goes on from here\n"


@pytest.mark.parametrize("others", ["fail", "waits"])
def test_the_message_of_the_rank_that_failed_is_told_once_and_the_others_end(start, others):
    process, output = start(FAILS, others, ready=False)
    assert process.wait(PATIENCE) == 2
    assert output() == "study: the pool has changed\n"


def test_a_rank_that_was_killed_is_named(start):
    process, output = start(KILLED, ready=False)
    assert process.wait(PATIENCE) == 137
    assert output().startswith("study: rank 1 of 2 was ended by SIGKILL; the machine's or the job's memory")


def test_ranks_do_not_outlive_a_parent_that_is_killed(start):
    process, _ = start(LIVES)
    ranks = children(process.pid)
    assert len(ranks) == 2
    process.kill()
    until(lambda: not any(Path(f"/proc/{rank}/cmdline").exists() and alive(rank) for rank in ranks))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("codes", "rank"),
    [
        ({1: 0, 0: 0}, 0),
        ({1: 1, 0: 1}, 1),  # the first that failed
        ({0: 1, 1: 2}, 1),  # what the user can mend
        ({1: 75, 0: 75}, 1),
        ({1: 75, 0: 1}, 0),  # who did not save
        ({1: 75}, 0),  # nor this one, of which nobody knows
        ({0: 75, 1: 1}, 0),  # its folder is in use
        ({0: 0, 1: 1}, 0),  # the outcome is written
    ],
)
def test_whose_end_is_the_runs(codes, rank):
    assert decisive(codes) == rank


def test_several_nodes_need_a_job_of_slurm(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(
        PlanError, match=re.escape("--nodes 2: several nodes are those of a Slurm job, and this is none")
    ):
        run_ranks(["true"], 2, 2)


def test_the_end_of_a_rank_is_known_after_words_without_an_end_of_line(slurm):
    slurm.says("scontrol", "n1\nn2\n")
    said = ("0: study-rank started", "1: study-rank started", "1: study-rank ended 0", "0: hello")
    slurm.says("srun", "\n".join([*said, "0: bystudy-rank ended 0\n"]))
    job = os.environ | {"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "n[1-2]"}
    parent = "import sys; from study.launch.ranks import run_ranks; sys.exit(run_ranks(['true'], 2, 2))"
    done = subprocess.run([sys.executable, "-c", parent], env=job, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, "hello\nby"), done.stderr
