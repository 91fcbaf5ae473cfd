"""A run whose decoded copy is being made, by itself or by another: it says so, and ends when it is asked to."""

import os
import signal

import pytest

from study import io
from study.data import pixels
from study.errors import StoppedError
from study.train import decoding
from study.train.device import place
from study.train.run import Switches, train_run

PAIRS, CHUNK = 256, 64


@pytest.fixture
def train(planned_run, monkeypatch):
    """A function that trains one run, which is told to stop as soon as it says this; returns the lines it said."""
    monkeypatch.setattr(decoding, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(pixels, "CHUNK", CHUNK)
    path = planned_run(pairs=PAIRS)

    def run(stopped_at, lines):
        def say(line):
            lines.append(line)
            if line.startswith(stopped_at):
                os.kill(os.getpid(), signal.SIGUSR2)

        return train_run(path, path.parents[2], Switches(lambda: place("cpu", 1), say))

    return run


def test_what_was_decoded_before_a_signal_stays(train, tmp_path):
    lines = []
    with pytest.raises(StoppedError, match=r"stopped by SIGUSR2; 128 of 256 images were decoded, and stay, the same"):
        train("decoded 64 of 256 images, ", lines)
    assert [line.split(",")[0] for line in lines] == ["decoded 64 of 256 images"]
    assert not list((tmp_path / "results/cache/pixels").glob("*.npy"))
    lines.clear()
    assert train("never", lines).outcome.status == "completed"
    assert lines[0].startswith("decoded 64 of 128 images, ")
    assert lines[0].endswith(" left")


def test_a_run_that_waits_for_another_to_decode_hears_a_signal(train, tmp_path):
    with pytest.raises(StoppedError):
        train("decoded 64", [])
    (lock,) = (tmp_path / "results/cache/pixels").glob(".*.lock")
    with (
        io.lock(lock),
        pytest.raises(StoppedError, match="stopped by SIGUSR2; another process decodes the same images, the same"),
    ):
        train("another process decodes the same images, 128 of 256; this one waits", [])
    assert train("never", []).outcome.status == "completed"
