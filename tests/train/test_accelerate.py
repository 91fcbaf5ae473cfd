"""Accelerations of a run: which are on, what is kept of that, and what becomes of a run when one fails."""

import signal

import pytest
import torch

from study import io
from study.cli import main
from study.errors import PlanError, StoppedError, UnknownNameError
from study.predict.probed import Probe, ProbedPhase
from study.records import Accelerated, Status
from study.train.accelerate import FILE, asked
from study.train.accelerations import ACCELERATIONS
from study.train.accelerations.compiled import Compiled
from study.train.device import Place, cpu_name, place
from study.train.run import Switches, train_run
from study.train.setup import open_session

BATCH = 32
CPU = Place(torch.device("cpu"), "test")


def train(path, accelerate, **given):
    lines = []
    switches = Switches(lambda: place("cpu", 1), lines.append, accelerate=accelerate, **given)
    return train_run(path, path.parents[2], switches).outcome, lines


def test_what_is_asked_for():
    assert asked("auto") is None
    assert asked("none") == ()
    assert asked("tf32, compile") == ("compile", "tf32")
    with pytest.raises(UnknownNameError, match=r"unknown acceleration 'tf23'; did you mean tf32\?"):
        asked("tf23")
    with pytest.raises(PlanError, match="compile and cuda_graphs exclude each other"):
        asked("cuda_graphs,compile")


def test_a_wrong_name_is_told_on_the_command_line(planned_run, capsys):
    assert main(["train", str(planned_run()), "--device", "cpu", "--accelerate", "turbo"]) == 2
    assert "unknown acceleration 'turbo'; known: compile, cuda_graphs, tf32" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["tf32", "cuda_graphs"])
def test_what_cannot_be_on_is_told_and_the_run_is_the_plain_one(planned_run, name):
    path = planned_run()
    outcome, lines = train(path, name)
    assert lines[0] == f"{name} is off: it is for GPUs"
    assert outcome.cost.accelerations == Accelerated()
    (path.parent / "outcome.json").unlink()
    (path.parent / "checkpoints" / "outcome.json").unlink()
    again, _ = train(path, "auto")
    assert again.weights_sha256 == outcome.weights_sha256
    assert not (path.parent / FILE).exists()


def test_several_processes_are_not_compiled(make_spec, tmp_path):
    session = open_session(make_spec(), tmp_path, CPU, None)
    session.place = Place(torch.device("cpu"), "test", world_size=2)
    assert Compiled().problem(session) == "it is for a run in one process"


def test_without_a_compiler_it_is_off(planned_run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CXX", "absent-c++")
    _, lines = train(planned_run(), "compile")
    assert lines[0] == "compile is off: there is no compiler; install g++, or name one in CXX"


PHASE = ProbedPhase(
    samples=640, image_size=32, text_length=32, keep_patches=1.0, flops_a_sample=1e9, steps=20, step_time_ms=80.0,
    step_time_ms_p10=79.0, step_time_ms_p90=81.0, plain_step_time_ms=100.0, data_wait_ms=0.0,
)  # fmt: skip


def probed(results, session, **fields):
    """Keep a probe of a session's configuration that chose compile."""
    spec, last = session.spec, session.phases[-1]
    told = {
        "arch": spec.arch.label, "family": "vit", "strategy": spec.strategy.label, "source": "embedded",
        "unique_pairs": 256, "image_size": last.image_size, "text_length": last.text_length,
        "global_batch_size": BATCH, "micro_batch_size": BATCH, "precision": "fp32", "gpus": 0, "threads": 1,
        "params_m": 1.0, "device": cpu_name(), "device_kind": "cpu", "at_once": 1, "data": "source",
        "start_up_seconds": 1.0, "evaluation_seconds": {}, "phases": (PHASE,), "peak_memory_gib": 1.0,
        "accelerations": ("compile",), "ready_seconds": 0.1, "compared": (), "taken": "2030-01-01", "host": "here",
        "versions": {},
    }  # fmt: skip
    found = Probe(**{**told, **fields})
    io.write_json(results / "probes" / f"p{len(list(results.glob('probes/*')))}.json", found.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({}, True),
        ({"ready_seconds": 1.0}, False),  # 12 steps save a quarter of a second
        ({"device": "another"}, False),
        ({"threads": 2}, False),
        ({"global_batch_size": 64}, False),
    ],
)
def test_auto_is_the_choice_of_a_probe_of_this_configuration_where_it_pays(
    planned_run, make_spec, fields, taken, monkeypatch
):
    monkeypatch.setenv("PATH", "/nowhere")  # nothing need be compiled to see what is chosen
    monkeypatch.setenv("CXX", "absent-c++")
    path = planned_run()
    results = path.parents[2]
    session = open_session(make_spec(), results, CPU, None)
    probed(results, session, **fields)
    _, lines = train(path, "auto")
    assert lines[0].startswith("compile is off") is taken


def test_the_newest_probe_counts(planned_run, make_spec):
    path = planned_run()
    results = path.parents[2]
    session = open_session(make_spec(), results, CPU, None)
    probed(results, session)
    probed(results, session, taken="2031-01-01", accelerations=())
    assert train(path, "auto")[0].cost.accelerations == Accelerated()


class Broken(Compiled):
    """One whose code fails at the third pass of the image tower."""

    def accelerated(self, forward):
        passes = []

        def run(*inputs):
            passes.append(forward)
            if len(passes) == 3:
                raise RuntimeError("no registers left\nand more")
            return forward(*inputs)

        return run


def test_a_run_goes_on_without_one_that_fails(planned_run, monkeypatch):
    path = planned_run()
    plain, _ = train(path, "none")
    for name in ("outcome.json", "checkpoints/outcome.json", "attempts.json"):
        (path.parent / name).unlink()
    monkeypatch.setitem(ACCELERATIONS.targets, "compile", f"{__name__}:Broken")
    outcome, lines = train(path, "compile", checkpoint_seconds=0)
    assert "a step failed with compile (RuntimeError: no registers left); the run goes on without" in lines
    assert outcome.status is Status.COMPLETED
    assert outcome.cost.accelerations == Accelerated(failed={"compile": "RuntimeError: no registers left"})
    assert outcome.weights_sha256 == plain.weights_sha256
    assert [(one.first_sample, one.last_sample) for one in outcome.attempts] == [(0, 64), (64, 384)]
    (path.parent / "outcome.json").unlink()
    (path.parent / "checkpoints" / "outcome.json").unlink()
    assert train(path, "compile")[1][0].startswith("compile is off: it failed in this run (RuntimeError")


@pytest.mark.slow
def test_compiled_towers_give_the_same_run_by_rounding_and_it_goes_on_as_it_began(planned_run):
    path = planned_run(strategy="reclip", options={"low_size": 16, "full_share": 0.5})  # phases of two sizes
    plain, _ = train(path, "none")
    shapes = shapes_of(path.parent)
    for name in ("outcome.json", "checkpoints/outcome.json"):
        (path.parent / name).unlink()
    with pytest.raises(StoppedError):
        train(path, "compile", begins=lambda samples: signal.raise_signal(signal.SIGUSR2))
    assert io.read_json(path.parent / FILE) == {"on": ["compile"], "failed": {}}
    outcome, lines = train(path, "none")
    assert lines[0] == "goes on with compile, as it began; not with --accelerate none"
    assert outcome.cost.accelerations == Accelerated(on=("compile",))
    assert "fp32, compile); goes on at 32" in lines[1]
    assert outcome.loss == pytest.approx(plain.loss, rel=1e-4)
    assert shapes_of(path.parent) == shapes


def shapes_of(run):
    state = torch.load(run / "checkpoints" / "final.pt", weights_only=True)
    return {name: tensor.shape for name, tensor in state["model"].items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "micro"),
    [({}, 8), ({"arch": "resnet_pico", "batch_norm": "per_micro_batch", "micro_batch_size": 8}, None)],
)
def test_compiled_towers_accumulate(planned_run, fields, micro):
    path = planned_run(samples_seen=3 * BATCH, **fields)
    plain, _ = train(path, "none", micro_batch_size=micro)
    for name in ("outcome.json", "checkpoints/outcome.json"):
        (path.parent / name).unlink()
    compiled, _ = train(path, "compile", micro_batch_size=micro)
    assert (compiled.cost.accelerations.on, compiled.cost.grad_accum_steps) == (("compile",), 4)
    assert compiled.loss == pytest.approx(plain.loss, rel=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ACCELERATIONS.names())
@pytest.mark.parametrize("fields", [{}, {"strategy": "slip"}, {"arch": "resnet_pico"}], ids=["clip", "slip", "resnet"])
def test_a_gpu_gives_the_same_run_by_rounding(planned_run, name, fields):
    path = planned_run(precision="fp32", **fields)
    losses = []
    for accelerate in ("none", name):
        switches = Switches(lambda: place("cuda", 1), lambda line: None, accelerate=accelerate)
        outcome = train_run(path, path.parents[2], switches).outcome
        losses.append(outcome.loss)
        for file in ("outcome.json", "checkpoints/outcome.json"):
            (path.parent / file).unlink()
    assert outcome.cost.accelerations == Accelerated(on=(name,))
    assert losses[1] == pytest.approx(losses[0], rel=2e-2)
    assert torch.get_float32_matmul_precision() == "highest"
