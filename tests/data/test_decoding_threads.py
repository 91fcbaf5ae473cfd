"""Threads that decode side by side: no more of them than were asked for."""

import subprocess
import sys

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
pixels.framed(64, read, pixels.Frame(96, 96))
usual = []
other = Thread(target=lambda: usual.append(torch.get_num_threads()))
other.start(), other.join()
print(max(most) - before, torch.get_num_threads(), *usual)
"""


def test_decoding_threads_bring_no_teams_of_their_own():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    extra, here, elsewhere = map(int, done.stdout.split())
    assert extra <= 7  # six, and one for an instant
    assert (here, elsewhere) == (8, 8)
