"""Threads that decode side by side: no more of them than were asked for."""

import subprocess
import sys

import pytest

PROGRAM = """
import os
from threading import Thread
import numpy as np, torch
from study.data import pixels
from tests.data.photos import encoded, made
torch.set_num_threads(8)
pixels.cpu_threads = lambda: 6
image = encoded(made(400, 300), "JPEG")
running = lambda: len(os.listdir("/proc/self/task"))
most = []
def read(row):
    most.append(running())
    return image
torch.rand(4_000_000).sum()
before = running()
WAY
usual = []
other = Thread(target=lambda: usual.append(torch.get_num_threads()))
other.start(), other.join()
print(max(most) - before, torch.get_num_threads(), *usual)
"""


WAYS = {
    "copied": "pixels.framed(64, read, pixels.Frame(96, 96))",
    "streamed": (
        "from study.data.streaming.workers import Workers; workers = Workers(6)\n"
        "[task.result() for task in [workers.submit(lambda: pixels.decode(read(0), 96)) for _ in range(64)]]"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_decoding_threads_bring_no_teams_of_their_own(way):
    program = PROGRAM.replace("WAY", WAYS[way])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    extra, here, elsewhere = map(int, done.stdout.split())
    assert extra <= 12  # six, and one more for an instant each; 48 with teams
    assert (here, elsewhere) == (8, 8)
