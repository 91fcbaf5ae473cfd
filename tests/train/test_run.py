"""A run's folder through training, failures, stops and kills."""

import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from study import io
from study.cli import main
from study.errors import BusyError, PlanError, StorageError
from study.records import FAILURE, Outcome, Status
from study.train.device import place
from study.train.run import Switches, train_run
from study.train.steps import read_steps

BATCH = 32


def forget(run):
    """Leave the spec alone in a run's folder."""
    (run / "outcome.json").unlink()
    shutil.rmtree(run / "checkpoints")


@pytest.fixture
def switches():
    def make(checkpoint_seconds=1e9, micro_batch_size=None):
        lines = []
        made = Switches(lambda: place("cpu", 1), lines.append, micro_batch_size, checkpoint_seconds)
        return made, lines

    return make


def train(path, switches, **kwargs):
    made, lines = switches(**kwargs)
    return train_run(path, path.parents[2], made), lines


def test_a_run_completes_with_its_costs_and_its_weights(planned_run, switches):
    path = planned_run()
    trained, lines = train(path, switches)
    outcome = Outcome.model_validate(io.read_json(path.parent / "outcome.json"))
    assert outcome == trained.outcome
    assert (outcome.status, outcome.samples_seen, outcome.steps) == (Status.COMPLETED, 12 * BATCH, 12)
    assert outcome.cost.step_time_ms_p10 <= outcome.cost.step_time_ms <= outcome.cost.step_time_ms_p90
    assert 0 < outcome.cost.train_hours < outcome.cost.gpu_hours
    assert outcome.cost.threads == 1
    assert outcome.resolved["lr"] == 1e-3
    assert (path.parent / "checkpoints/final.pt").exists()
    assert "vit_pico, clip, 256 pairs, 384 samples" in lines[0]
    assert lines[-1] == "completed"


def test_a_run_with_an_outcome_is_left_alone(planned_run, switches):
    path = planned_run()
    first, _ = train(path, switches)
    again, lines = train(path, switches)
    assert again.outcome == first.outcome
    assert lines == ["already completed, nothing to train"]


def test_the_same_spec_gives_the_same_weights(planned_run, switches, tmp_path):
    path = planned_run()
    first, _ = train(path, switches)
    forget(path.parent)
    second, _ = train(path, switches)
    other = planned_run(seed=1)
    third, _ = train(other, switches)
    assert first.outcome.weights_sha256 == second.outcome.weights_sha256 != third.outcome.weights_sha256


def test_micro_batches_train_to_nearly_the_same_weights(planned_run, switches):
    losses = []
    for micro in (None, 8):
        path = planned_run(samples_seen=3 * BATCH)
        losses.append(train(path, switches, micro_batch_size=micro)[0].outcome)
        forget(path.parent)
    assert losses[1].cost.grad_accum_steps == 4
    assert losses[1].loss == pytest.approx(losses[0].loss, rel=1e-5)


def test_micro_batches_are_refused_with_batch_norm(planned_run, switches):
    path = planned_run(arch="resnet_pico")
    told = r"statistics would cover 8 pairs instead of the global batch of 32; .* or plan the run with batch_norm: "
    with pytest.raises(PlanError, match=rf"resnet_pico has batch norm, whose {told}per_micro_batch"):
        train(path, switches, micro_batch_size=8)
    assert not (path.parent / "outcome.json").exists()


def test_a_run_that_was_planned_with_batch_norm_over_micro_batches_is_trained(planned_run, switches):
    planned = {"batch_norm": "per_micro_batch", "micro_batch_size": 8}
    path = planned_run(arch="resnet_pico", samples_seen=3 * BATCH, **planned)
    outcome = train(path, switches)[0].outcome
    assert (outcome.status, outcome.cost.grad_accum_steps) == (Status.COMPLETED, 4)


def test_a_diverging_run_is_an_outcome_with_its_reason(planned_run, switches):
    path = planned_run(lr=1e4, grad_clip=None, warmup=0.0, samples_seen=BATCH * 60)
    outcome = train(path, switches)[0].outcome
    assert outcome.status is Status.DIVERGED
    assert "try a lower lr or a longer warm-up" in outcome.reason
    assert outcome.samples_seen < BATCH * 60
    assert outcome.loss is None
    assert not (path.parent / "checkpoints/final.pt").exists()


def test_a_changed_pool_is_bad_data(planned_run, switches, tmp_path):
    from study.records import RunSpec, run_id

    given = io.read_json(planned_run())
    given["data"]["fingerprint"] = "0" * 12
    spec = RunSpec.model_validate(given)
    path = tmp_path / "results/runs" / run_id(spec) / "spec.json"
    io.write_json(path, given)
    outcome = train(path, switches)[0].outcome
    assert outcome.status is Status.BAD_DATA
    assert "has changed since the run was planned" in outcome.reason


def test_a_spec_changed_by_hand_is_refused(planned_run, switches):
    path = planned_run()
    io.write_json(path, {**io.read_json(path), "seed": 7})
    with pytest.raises(StorageError, match="it was changed by hand"):
        train(path, switches)


def test_a_folder_in_use_is_left_alone(planned_run, switches):
    path = planned_run()
    with io.lock(path.parent / ".lock"), pytest.raises(BusyError, match="is in use by another process"):
        train(path, switches)


def test_a_run_killed_at_any_moment_ends_with_the_same_weights(planned_run, switches):
    path = planned_run(samples_seen=BATCH * 60)
    command = [sys.executable, "-m", "study", "train", str(path), "--threads", "1", "--checkpoint-seconds", "0"]
    for enough in (3, 20):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and newest(path.parent) < enough * BATCH:
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert newest(path.parent) >= 20 * BATCH
    assert not (path.parent / "outcome.json").exists()
    resumed = train(path, switches)[0].outcome
    assert len(resumed.attempts) == 3
    forget(path.parent)
    straight = train(path, switches)[0].outcome
    assert resumed.weights_sha256 == straight.weights_sha256
    assert resumed.loss == straight.loss


@pytest.mark.slow
def test_kills_at_random_moments_lose_one_interval_each_at_most(planned_run, switches):
    path = planned_run(samples_seen=BATCH * 60)
    command = [sys.executable, "-m", "study", "train", str(path), "--threads", "1", "--checkpoint-seconds", "0"]
    moments = random.Random(0)
    while newest(path.parent) < 40 * BATCH:
        before, further = newest(path.parent), moments.randint(0, 12) * BATCH
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and newest(path.parent) < before + further:
            time.sleep(0.001)
        time.sleep(moments.random() * 0.05)  # into a step, or into a checkpoint that is being written
        process.kill()
        process.wait()
        assert newest(path.parent) >= before
    outcome = train(path, switches)[0].outcome
    assert outcome.cost.lost_steps <= len(outcome.attempts) - 1  # a checkpoint after each step
    forget(path.parent)
    assert outcome.weights_sha256 == train(path, switches)[0].outcome.weights_sha256


def newest(run):
    saved = sorted((run / "checkpoints").glob("samples-*.sha256"))
    return int(saved[-1].stem.removeprefix("samples-")) if saved else 0


def test_a_signal_saves_and_the_same_command_goes_on(planned_run):
    path = planned_run(samples_seen=BATCH * 2000)
    log = path.parent / "train.log"
    command = [sys.executable, "-m", "study", "train", str(path), "--threads", "1", "--log", str(log)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while len(read_steps(path.parent)) < 1:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGUSR2)
    _, told = process.communicate()
    assert process.returncode == 75
    assert "stopped by SIGUSR2; saved, the same command goes on from here" in told
    assert "stopped by SIGUSR2" in log.read_text()
    assert newest(path.parent) > 0


def test_a_finished_training_is_not_repeated_when_its_outcome_is_lost(planned_run, switches):
    path = planned_run()
    first, _ = train(path, switches)
    (path.parent / "outcome.json").unlink()
    again, lines = train(path, switches)
    assert again.outcome == first.outcome
    assert io.read_json(path.parent / "outcome.json") == first.outcome.model_dump(mode="json")
    assert lines == ["already completed, nothing to train"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--device", "gpu"], "--device gpu: not a device; take auto, cpu, cuda or cuda:N"),
        (["--threads", "0"], "--threads 0: must be at least 1"),
        (["--micro-batch-size", "-4"], "cannot be split into 1 processes with micro-batches of -4"),
    ],
)
def test_wrong_switches_are_told_and_noted(planned_run, capsys, arguments, message):
    path = planned_run()
    assert main(["train", str(path), "--device", "cpu", *arguments]) == 2
    assert message in capsys.readouterr().err
    note = io.read_json(path.parent / FAILURE)
    assert note["status"] == "failed"
    assert message in note["reason"]


def test_a_run_that_goes_on_takes_its_note_away(planned_run, switches):
    path = planned_run()
    io.write_json(path.parent / FAILURE, {"status": "failed", "reason": "no space"})
    train(path, switches)
    assert not (path.parent / FAILURE).exists()
