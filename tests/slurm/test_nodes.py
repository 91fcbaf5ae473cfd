"""A run over two nodes: srun starts its ranks, and it trains as one process does, saves when told, and fails in words.

Both nodes are this machine, so ranks meet on the loopback.
"""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from study import io
from study.cli import main
from study.launch import Request, Resources
from study.records import Outcome
from tests.slurm.launching import Watch

pytestmark = pytest.mark.slurm
BATCH = 32
RANKS = ["--processes", "2", "--nodes", "2", "--device", "cpu", "--threads", "1"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = str(Path(__file__).parents[2])
    for name, value in {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": root}.items():
        monkeypatch.setenv(name, value)


def request(folder, path, *switches):
    command = (sys.executable, "-m", "study", "train", str(path), *RANKS, *switches)
    asked = Resources.of({"slurm_partition": "low", "nodes": 2, "tasks": 2, "runtime": 9, "mem_mb": 1500})
    return Request(key="run", name="run", command=command, log=folder / "run.log", resources=asked)


def outcome(path):
    return Outcome.model_validate(io.read_json(path.parent / "outcome.json"))


def trained(path):
    import torch

    return torch.load(path.parent / "checkpoints" / "final.pt", weights_only=True)["model"]


def steps(path):
    return [json.loads(line) for line in (path.parent / "steps.jsonl").read_text().splitlines()]


def process_of(rank):
    """The process of a rank, by its variables."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        where = f"{Path.cwd()}".encode()
        if f"RANK={rank}".encode() in told and b"PWD=" + where in told and b"train" in command and command[0] != b"sh":
            return int(entry.name)
    return None


def under_way(log):
    return log.exists() and "samples on" in log.read_text()


def test_two_nodes_that_are_interrupted_train_as_one_process(slurm, tmp_path, planned_run):
    path = planned_run(samples_seen=200 * BATCH, lr=1e-4)
    run = request(tmp_path, path)
    with Watch(tmp_path, signal_seconds=1) as watch:
        (job,) = watch.launcher.submit([run])
        watch.until(lambda: under_way(run.log))
        slurm.run("scancel", "--batch", "--signal=USR2", job.id)
        watch.until(lambda: "stopped by SIGUSR2; saved" in run.log.read_text())
        watch.until_all_ended()
    log = run.log.read_text()
    assert "interrupted" in watch.states("run")
    assert watch.states("run")[-1] == "completed"
    assert log.count("stopped by") == 1
    assert "goes on at" in log
    assert outcome(path).cost.world_size == 2
    two, weights, losses = outcome(path), trained(path), steps(path)
    (path.parent / "outcome.json").unlink()
    for file in (path.parent / "checkpoints").glob("*"):
        file.unlink()
    assert main(["train", str(path), "--device", "cpu", "--threads", "1"]) == 0
    assert two.loss == pytest.approx(outcome(path).loss, rel=1e-5)
    assert [step["loss"] for step in losses] == pytest.approx([step["loss"] for step in steps(path)], rel=1e-4)
    assert weights.keys() == trained(path).keys()
    for name, value in trained(path).items():
        assert (weights[name] - value).abs().max() < 1e-4, name


def test_a_rank_that_dies_on_the_second_node_ends_the_job_with_its_reason(slurm, tmp_path, planned_run):
    path = planned_run(samples_seen=100_000 * BATCH)
    run = request(tmp_path, path)
    with Watch(tmp_path) as watch:
        watch.launcher.submit([run])
        watch.until(lambda: under_way(run.log))
        os.kill(process_of(1), signal.SIGKILL)
        watch.until_all_ended()
    assert watch.states("run")[-1] == "failed"
    assert "study: rank 1 of 2 was ended by SIGKILL" in watch.last("run").message
    assert "Traceback" not in run.log.read_text()


def test_what_the_user_has_to_mend_is_told_once(slurm, tmp_path, planned_run):
    path = planned_run()
    run = request(tmp_path, path, "--micro-batch-size", "5")
    with Watch(tmp_path) as watch:
        watch.launcher.submit([run])
        watch.until_all_ended()
    assert watch.last("run").state.value == "failed"
    assert run.log.read_text().count("cannot be split into 2 processes with micro-batches of 5") == 1
    assert not list((tmp_path).glob("results/runs/*/outcome.json"))


def test_more_nodes_than_the_job_has_are_refused(slurm, tmp_path, planned_run):
    path = planned_run()
    one = Resources.of({"slurm_partition": "low", "runtime": 9, "mem_mb": 1500})
    run = request(tmp_path, path).model_copy(update={"resources": one})
    with Watch(tmp_path) as watch:
        watch.launcher.submit([run])
        watch.until_all_ended()
    assert "--nodes 2: job" in watch.last("run").message
    assert "has 1, n" in watch.last("run").message


@pytest.mark.parametrize("gpus", [{"gpus": 4}, {"gpus_per_task": 1}], ids=str)
def test_each_rank_sees_all_gpus_of_its_node(slurm, tmp_path, gpus):
    tell = "echo $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES > $RANK.txt"
    start = "import sys; from study.launch.ranks import run_ranks; sys.exit(run_ranks(['sh', '-c', sys.argv[1]], 4, 2))"
    asked = Resources.of({"slurm_partition": "low", "nodes": 2, "tasks": 4, "runtime": 9, "mem_mb": 800, **gpus})
    command = (sys.executable, "-c", start, tell)
    with Watch(tmp_path) as watch:
        watch.launcher.submit([Request(key="run", name="run", command=command, log=tmp_path / "log", resources=asked)])
        watch.until_all_ended()
    assert watch.states("run")[-1] == "completed"
    told = [(tmp_path / f"{rank}.txt").read_text().strip() for rank in range(4)]
    assert told == ["0 4 2 n1 0,1", "1 4 2 n1 0,1", "0 4 2 n2 0,1", "1 4 2 n2 0,1"]
