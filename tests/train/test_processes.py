"""Several processes train as one: the same loss and the same weights (gloo, on this machine)."""

import os
import shutil
import subprocess
import sys

import pytest

from study import io
from study.records import Outcome

BATCH = 32


def forget(run):
    """Leave the spec alone in a run's folder."""
    (run / "outcome.json").unlink()
    shutil.rmtree(run / "checkpoints")


def launch(path, processes):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command += ["-m", "study", "train", str(path), "--threads", "1", "--device", "cpu"]
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "TORCHELASTIC_ERROR_FILE": "/dev/null"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    outcome = Outcome.model_validate(io.read_json(path.parent / "outcome.json"))
    forget(path.parent)
    return outcome


@pytest.mark.parametrize("strategy", ["clip"])
def test_two_processes_train_as_one(planned_run, strategy):
    path = planned_run(strategy=strategy, samples_seen=6 * BATCH)
    two, one = launch(path, 2), launch(path, 1)
    assert (two.cost.world_size, one.cost.world_size) == (2, 1)
    assert two.loss == pytest.approx(one.loss, rel=1e-5)
    assert two.logit_scale == pytest.approx(one.logit_scale, rel=1e-6)
