"""A signal that reaches one process of several: all of them save and end at the same step."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from study import io
from study.data import pixels
from study.errors import StoppedError
from study.saved import samples_saved
from study.train import decoding
from study.train.device import place
from study.train.run import Switches, train_run
from study.train.steps import read_steps
from tests.ports import free_ports

BATCH, STEPS = 32, 600


def start(path, rank, port):
    ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_PORT": port}
    where = {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, "-m", "study", "train", str(path), "--threads", "1", "--device", "cpu"]
    environment = {**os.environ, **where, **{name: str(value) for name, value in ranks.items()}}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def stopped(path, told, when):
    """What the two ranks of a run said, of which one was told to stop when this was so of both."""
    port = free_ports(1)[0]
    ranks = [start(path, rank, port) for rank in range(2)]
    try:
        while not all(map(when, ranks)):
            assert all(rank.poll() is None for rank in ranks)
            time.sleep(0.02)
        ranks[told].send_signal(signal.SIGUSR2)
        said = [rank.communicate(timeout=600)[1] for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert [rank.returncode for rank in ranks] == [75, 75], said
    return said


def waits_for(process, lock):
    """Whether a process has this file open."""
    return any(one.resolve() == lock for one in Path(f"/proc/{process.pid}/fd").iterdir())


@pytest.mark.parametrize("told", [0, 1])
def test_all_ranks_end_when_one_is_told_while_another_run_decodes_their_images(planned_run, monkeypatch, told):
    monkeypatch.setattr(pixels, "CHUNK", 64)
    path = planned_run(pairs=256)
    results = path.parents[2]
    monkeypatch.setattr(decoding, "TICK_SECONDS", 0.0)
    with pytest.raises(StoppedError):
        train_run(path, results, Switches(lambda: place("cpu", 1), lambda line: signal.raise_signal(signal.SIGUSR2)))
    (lock,) = (results / "cache/pixels").glob(".*.lock")
    with io.lock(lock):
        said = stopped(path, told, lambda rank: waits_for(rank, lock))
    assert "stopped by SIGUSR2; another process decodes the same images, the same command" in said[told]
    attempts = io.read_json(path.parent / "attempts.json")
    assert [attempt["last_sample"] for attempt in attempts] == [0, 0]
    assert attempts[1]["world_size"] == 2


@pytest.mark.parametrize("told", [0, 1])
def test_all_ranks_save_and_end_at_the_step_at_which_one_was_told(planned_run, told):
    path = planned_run(samples_seen=BATCH * STEPS)
    said = stopped(path, told, lambda rank: read_steps(path.parent))
    assert "stopped by SIGUSR2; saved" in said[told]
    assert "stopped by a signal to another process; saved" in said[1 - told]
    (attempt,) = io.read_json(path.parent / "attempts.json")
    assert 20 * BATCH <= attempt["last_sample"] == samples_saved(path.parent) < STEPS * BATCH
    assert attempt["world_size"] == 2
