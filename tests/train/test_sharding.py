"""Sharded towers train as whole ones do; tests.train.test_processes compares single steps."""

import shutil

import pytest
import torch
import torch.distributed as dist
from torch.distributed.tensor import DTensor
from torch.testing._internal.distributed.fake_pg import FakeStore

from study import checkpoint, io
from study.errors import PlanError
from study.measure.memory_cache import Setting
from study.measure.towers_memory import towers_memory
from study.models.units import units
from study.optim import adamw
from study.records import Outcome
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.moments import MOMENTS
from study.train.setup import open_session
from study.train.step import GlobalStep
from tests.ports import free_ports
from tests.strategies.parts import parts
from tests.train.processes import difference
from tests.train.test_processes import python

CPU, BATCH = torch.device("cpu"), 8
RUNS = [
    {"strategy": "amorlip", "options": {"train_every": 1, "beta_max": 0}, "arch": "vit_pico"},
    {"strategy": "reclip", "options": {"full_share": 0.5, "low_text_length": 8}, "arch": "vit_pico"},
]
# processes of each stretch, and whether a signal ends it
STRETCHES = [[2, True], [1, True], [2, False]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function of runs' paths and stretches that trains them all."""

    def train(paths, stretches):
        plan = tmp_path_factory.mktemp("shards") / "plan.json"
        io.write_json(plan, [[str(path), stretches] for path in paths])
        python("tests.train.shards", plan, free_ports(1)[0])

    return train


def test_a_run_goes_on_sharded_or_not_and_ends_as_one_that_was_neither_stopped_nor_sharded(planned_run, trained):
    paths = [planned_run(**run, samples_seen=24 * BATCH, global_batch_size=BATCH, grad_clip=0.1) for run in RUNS]
    found = {}
    for stretches in ([[1, False]], STRETCHES):
        trained(paths, stretches)
        for path in paths:
            run = path.parent
            outcome = Outcome.model_validate(io.read_json(run / "outcome.json"))
            state = checkpoint.load_final(run, CPU)
            found.setdefault(run, []).append((outcome, {**state["model"], **state["strategy"]}))
            (run / "outcome.json").unlink()
            shutil.rmtree(run / "checkpoints")
    for (straight, whole), (stopped, sharded) in found.values():
        assert [attempt.last_sample for attempt in straight.attempts] == [24 * BATCH]
        assert 0 < stopped.attempts[-2].last_sample < 24 * BATCH
        assert len(stopped.attempts) == 4  # the first is that of the straight run
        assert stopped.loss == pytest.approx(straight.loss, rel=1e-6)
        assert whole.keys() == sharded.keys()
        assert {n: d for n in whole if not (d := difference(sharded[n].float(), whole[n].float())) < 1e-6} == {}


FAMILIES = ["vit_pico", "resnet_pico", "convnext_pico", "swin_pico"]


@pytest.fixture
def first_of_eight():
    """This process as the first of eight that never answer."""
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=8)
    yield Place(CPU, "test", 0, 8)
    dist.destroy_process_group()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_process_holds_what_is_predicted_to_the_byte(name, first_of_eight):
    model, strategy, phases, arch = parts("clip", name)
    setting = Setting(bf16=False, gpu=False)
    blocks = [block for tower in (model.clip.visual, model.clip.text) for block in units(tower)]
    assert len(blocks) == {"vit_pico": 5, "resnet_pico": 2, "convnext_pico": 8, "swin_pico": 6}[name]
    predicted = towers_memory(arch, strategy, phases[0], setting).sharded
    GlobalStep(model, strategy, first_of_eight, "fp32", 0, sharded=True)
    trained = trained_parameters(model, strategy)
    optimizer = adamw(trained, {"lr": 0.1, "weight_decay": 0, "beta1": 0.9, "beta2": 0.9, "eps": 1e-6})
    for _, parameter in trained:
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moments = [state[moment] for state in optimizer.state.values() for moment in MOMENTS]
    assert held([*model.parameters(), *model.buffers(), *moments]) == predicted.states(8)
    assert held(p.grad for _, p in trained if isinstance(p, DTensor)) == predicted.gradients(8)
    largest = max(held(block.parameters()) for block in blocks)
    assert 0 <= largest - predicted.block / 8 < 0.01 * predicted.block  # rows are dealt out whole


def held(tensors):
    """Bytes of this process's shares."""
    local = [tensor.to_local() if isinstance(tensor, DTensor) else tensor for tensor in tensors]
    return sum(tensor.numel() * tensor.element_size() for tensor in local)


def test_towers_that_cannot_be_sharded_say_so(first_of_eight):
    model, strategy, _, _ = parts("clip", "vit_pico")
    model.clip.visual.ln_post.weight = model.clip.visual.ln_pre.weight
    with pytest.raises(PlanError) as caught:
        GlobalStep(model, strategy, first_of_eight, "fp32", 0, sharded=True)
    assert str(caught.value) == (
        "vit_pico cannot be sharded: a weight is used in several places; train without --shard"
    )


def test_one_process_has_nothing_to_share(make_spec, tmp_path):
    session = open_session(make_spec(), tmp_path, Place(CPU, "test"), None, shard=True)
    assert not session.sharded


@pytest.mark.gpu
def test_gpus_train_sharded_as_one_does(planned_run):
    if torch.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    path = planned_run(samples_seen=24 * BATCH, global_batch_size=BATCH, precision="fp32", grad_clip=0.1)
    found = []
    for switches in (["--processes", 1], ["--processes", 2, "--shard"]):
        python("study", "train", path, "--device", "cuda", *switches)
        found.append(Outcome.model_validate(io.read_json(path.parent / "outcome.json")))
        (path.parent / "outcome.json").unlink()
        shutil.rmtree(path.parent / "checkpoints")
    whole, sharded = found
    assert (whole.cost.world_size, sharded.cost.world_size) == (1, 2)
    assert sharded.loss == pytest.approx(whole.loss, rel=1e-3)
