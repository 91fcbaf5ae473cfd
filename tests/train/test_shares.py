"""Each process's share of a global batch, whatever their number, and runs that go on with another number of them."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch

from study import io
from study.cli import main
from study.records import Outcome
from study.train.device import Place
from study.train.setup import open_session
from study.train.steps import read_steps

BATCH, STEPS = 32, 200


@pytest.mark.parametrize("micro", [None, 4])
@pytest.mark.parametrize("position", [0, 224, 4000])
def test_shares_are_disjoint_and_together_the_global_batch_in_order(tmp_path, make_spec, position, micro):
    place = Place(torch.device("cpu"), "test")
    alone = open_session(make_spec(pairs=250, samples_seen=8000), tmp_path, place, None)
    alone.samples_seen = position
    (whole,) = alone.batches()
    assert len(whole.texts) == BATCH
    for size in (1, 2, 4):
        share = BATCH // size
        ranks = [
            replace(alone, place=replace(place, rank=rank, world_size=size), micro_batch_size=micro or share)
            for rank in range(size)
        ]
        batches = [session.batches() for session in ranks]
        assert [sum(len(batch.texts) for batch in own) for own in batches] == [share] * size
        every = [batch for own in batches for batch in own]
        rows = [row for batch in every for row in range(BATCH)[batch.noise.rows]]
        assert rows == list(range(BATCH))
        assert torch.equal(torch.cat([batch.texts for batch in every]), whole.texts)
        assert torch.equal(torch.cat([batch.images for batch in every]), whole.images)
        assert {batch.noise.first for batch in every} == {position}


def go_on(path, processes):
    """Train for a while in so many processes, and stop them; how far they came."""
    before = read_steps(path.parent)[-1]["samples_seen"] if (path.parent / "steps.jsonl").exists() else 0
    command = [sys.executable, "-m", "study", "train", str(path), "--device", "cpu", "--threads", "1"]
    process = subprocess.Popen([*command, f"--processes={processes}"], stderr=subprocess.PIPE, text=True)
    try:
        while not any(step["samples_seen"] > before for step in read_steps(path.parent)):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGUSR2)
        assert "stopped by SIGUSR2; saved" in process.communicate(timeout=600)[1]
    finally:
        process.kill()
    assert process.returncode == 75


def test_a_run_goes_on_with_another_number_of_processes_and_back(planned_run):
    path = planned_run(samples_seen=BATCH * STEPS, lr=1e-4)
    command = ["train", str(path), "--device", "cpu", "--threads", "1"]
    assert main(command) == 0
    undisturbed, losses, weights = ended(path)
    for file in ("outcome.json", "steps.jsonl", "attempts.json", "checkpoints/outcome.json"):
        (path.parent / file).unlink(missing_ok=True)
    for file in (path.parent / "checkpoints").glob("*"):
        file.unlink()
    go_on(path, 1)
    go_on(path, 2)
    assert main(command) == 0
    found, found_losses, found_weights = ended(path)
    assert [attempt.world_size for attempt in found.attempts] == [1, 2, 1]
    assert found.loss == pytest.approx(undisturbed.loss, rel=1e-5)
    assert found_losses == pytest.approx(losses, rel=1e-5)
    assert found_weights.keys() == weights.keys()
    for name, value in weights.items():
        assert (found_weights[name] - value).abs().max() < 1e-4, name


def ended(path):
    """The outcome of a run, its losses, its weights."""
    outcome = Outcome.model_validate(io.read_json(path.parent / "outcome.json"))
    losses = [json.loads(line)["loss"] for line in (path.parent / "steps.jsonl").read_text().splitlines()]
    return outcome, losses, torch.load(path.parent / "checkpoints" / "final.pt", weights_only=True)["model"]
