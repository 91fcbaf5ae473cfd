"""Runs through stops, each stretch sharded over several processes or in one: python -m tests.train.shards PLAN.

PLAN is a JSON file: a list of [spec.json, [[processes, stops], ...]]. A stretch that stops gets a signal as it begins.
The processes are forks of this one, so that what they import is loaded once.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from torch.multiprocessing import start_processes

from study.errors import StoppedError
from study.train.device import place
from study.train.run import Switches, train_run


def work(rank, processes, stops, path):
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(processes))
    stop = (lambda samples: os.kill(os.getpid(), signal.SIGTERM)) if stops and rank == 0 else lambda samples: None
    say = print if rank == 0 else lambda line: None
    switches = Switches(lambda: place("cpu", 1), say, checkpoint_seconds=0.2, begins=stop, shard=True)
    try:
        train_run(path, path.parents[2], switches)
    except StoppedError:
        assert stops
    else:
        assert not stops


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=sys.argv[2])
    for path, stretches in json.loads(Path(sys.argv[1]).read_text()):
        for processes, stops in stretches:
            start_processes(work, (processes, stops, Path(path)), nprocs=processes, start_method="fork")
