"""Training from shards as they are: the same for one process, for two, and after a stop."""

import os
import subprocess
import sys

import pytest
import torch

from study import io
from study.data.place import remember, without_places
from study.data.shards.webdataset import WebDataset
from study.data.streaming import ShardStream
from study.records import DataRef, PluginRef, run_id
from study.train.device import place
from study.train.state import restore, state_of
from tests.data import shards
from tests.train.streamed import STEPS, opened, steps

PAIRS, SHARDS = 48, 3


@pytest.fixture
def spec(tmp_path, embedded, make_spec, monkeypatch):
    """The path of a run on shards of which one picture is spoilt."""
    monkeypatch.setattr("study.data.streaming.CACHE_BYTES", 0)
    rows = list(shards.pairs(embedded, PAIRS))
    rows[5]["image"] = rows[5]["image"][:60] + bytes(len(rows[5]["image"]) - 60)
    for number in range(SHARDS):
        shards.write_tar(tmp_path / f"pool/{number}.tar", shards.members(rows[number::SHARDS]))
    ref = PluginRef(name="webdataset", options={"shards": str(tmp_path / "pool")})
    source = WebDataset(WebDataset.Config(**ref.options), tmp_path / "results")
    remember(tmp_path / "results", "made", {source.fingerprint(): ref})
    data = DataRef(source=without_places(ref), unique_pairs=PAIRS - 7, fingerprint=source.fingerprint())
    made = make_spec(samples_seen=STEPS * 16, global_batch_size=16).model_copy(update={"data": data})
    path = tmp_path / "results/runs" / run_id(made) / "spec.json"
    io.write_json(path, made.model_dump(mode="json", exclude_defaults=True))
    return path


@pytest.fixture
def here():
    with place("cpu", 1) as found:
        yield found


def test_a_run_goes_on_from_its_state_as_if_it_had_not_stopped(spec, here, tmp_path):
    whole, part, rest = (opened(spec, tmp_path / "results", here) for _ in range(3))
    assert isinstance(whole.feed.pairs, ShardStream)
    assert len(whole.feed.pairs) == PAIRS - 7
    losses = steps(whole, STEPS)
    assert steps(part, 2) == losses[:2]
    restore(rest, state_of(part))
    assert steps(rest, STEPS - 2) == losses[2:]
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, rest.model.state_dict()[name]), name
    assert sum(whole.feed.skipped.reasons.values()) <= 2


def test_two_processes_train_as_one(spec, here, tmp_path):
    one = steps(opened(spec, tmp_path / "results", here), STEPS)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    given = ["tests.train.streamed", str(spec), str(tmp_path / "results"), str(tmp_path / "losses.json")]
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "TORCHELASTIC_ERROR_FILE": "/dev/null"}
    done = subprocess.run([*command, *given], capture_output=True, text=True, timeout=400, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert io.read_json(tmp_path / "losses.json") == pytest.approx(one, rel=1e-5)
