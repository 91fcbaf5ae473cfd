"""Steps of a run whose pairs are streamed: python -m tests.train.streamed SPEC RESULTS FILE, one process of RANK."""

import sys
from pathlib import Path

import pytest
import torch

from study import io
from study.config.spec import read_spec
from study.data import streaming
from study.measure.timing import StepTimer
from study.train.device import place
from study.train.loop import begin, step
from study.train.setup import open_session

STEPS = 6


def opened(spec, results, here):
    """The run's session, in which no set fits the cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "CACHE_BYTES", 0)
        return open_session(read_spec(spec), results, here, None)


def steps(session, count):
    """The losses of so many steps."""
    begin(session)
    timer, losses = StepTimer(session.place.device), []
    for _ in range(count):
        phase, start = session.phase()
        losses.append(float(step(session, timer, phase, start)[0].loss.detach()))
    return losses


def main(spec, results, file):
    torch.set_num_threads(1)
    with place("cpu", 1) as here:
        found = steps(opened(Path(spec), Path(results), here), STEPS)
        if here.leads:
            io.write_json(Path(file), found)


if __name__ == "__main__":
    main(*sys.argv[1:])
