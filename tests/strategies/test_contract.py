"""What every strategy keeps to, on every family of towers it accepts."""

import copy

import pytest
import torch

from study.models import build, resolve
from study.records import PluginRef
from study.strategies import STRATEGIES
from study.strategies.base import Phase, Progress
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.step import GlobalStep
from tests.strategies.parts import ROWS, gradients, make_spec_for, pairs, parts

TOWERS = ["vit_pico", "resnet_pico", "convnext_pico", "swin_pico"]


def place():
    return Place(torch.device("cpu"), "test")


@pytest.fixture
def float64():
    """Modules made in the test are in double precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("tower", TOWERS)
@pytest.mark.parametrize("name", STRATEGIES.names())
def test_it_lowers_its_loss_on_one_batch(name, tower):
    model, strategy, phases, arch = parts(name, tower)
    optimizer = torch.optim.AdamW([p for _, p in trained_parameters(model, strategy)], lr=1e-3)
    step = GlobalStep(model, strategy, place(), "fp32", seed=0)
    batch, losses = pairs(arch, phases[0]), []
    for index in range(12):
        output = step([batch], phases[0], Progress(index * ROWS, 100 * ROWS, 64, ROWS))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(output.logs.get("contrastive_loss", output.loss).item())  # comparable, where there is one
    assert all(torch.isfinite(torch.tensor(losses)))
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("tower", [tower for tower in TOWERS if tower != "resnet_pico"])  # whose norms see the batch
@pytest.mark.parametrize("name", STRATEGIES.names())
def test_micro_batches_give_the_gradient_of_the_whole_batch(name, tower, float64):
    model, strategy, phases, arch = parts(name, tower)
    progress, found = Progress(0, 100 * ROWS, 64, ROWS), []
    for split in ([slice(0, 8)], [slice(i, i + 2) for i in range(0, 8, 2)]):
        one_model, one_strategy = copy.deepcopy((model, strategy))
        step = GlobalStep(one_model, one_strategy, place(), "fp32", seed=0)
        step([pairs(arch, phases[0], rows) for rows in split], phases[0], progress)
        found.append(gradients(one_model, one_strategy))
    assert found[0].keys() == found[1].keys()
    for key, whole in found[0].items():
        torch.testing.assert_close(found[1][key], whole, rtol=1e-9, atol=1e-13, msg=key)


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_its_state_is_all_there_is(name):
    model, strategy, phases, arch = parts(name, "vit_pico")
    step = GlobalStep(model, strategy, place(), "fp32", seed=0)
    step([pairs(arch, phases[0])], phases[0], Progress(0, 100 * ROWS, 64, ROWS))
    other_model, other, _, _ = parts(name, "vit_pico", seed=1)
    other_model.load_state_dict(model.state_dict())
    other.load_state_dict(strategy.state_dict())
    other.load_inner_state(copy.deepcopy(strategy.inner_state()))
    later, outputs = Progress(ROWS, 100 * ROWS, 64, ROWS), []
    for one_model, one in ((model, strategy), (other_model, other)):
        again = GlobalStep(one_model, one, place(), "fp32", seed=0)
        outputs.append(again([pairs(arch, phases[0])], phases[0], later).loss)
    assert outputs[0].item() == outputs[1].item()


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_its_phases_are_whole_batches_of_the_run(name):
    _, strategy, phases, arch = parts(name, "vit_pico")
    spec = make_spec_for(arch)
    assert sum(phase.samples for phase in phases) == spec.samples_seen
    assert all(phase.samples % spec.global_batch_size == 0 for phase in phases)
    assert all(strategy.passes(phase, arch, ROWS).image >= 1 for phase in phases)


def test_flip_at_ratio_0_is_clip():
    arch = resolve(PluginRef(name="vit_pico"))
    spec = make_spec_for(arch)
    found = []
    for name, options in (("clip", {}), ("flip", {"mask_ratio": 0.0})):
        kind = STRATEGIES.load(name)
        strategy, model = kind(kind.Config(name=name, **options)), build(arch, seed=0)
        (phase,) = strategy.phases(spec, arch)
        output = GlobalStep(model, strategy, place(), "fp32", 0)(
            [pairs(arch, phase)], phase, Progress(0, 6400, 64, ROWS)
        )
        found.append((output.loss.item(), gradients(model, strategy)))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(found[0][1][key], found[1][1][key]) for key in found[0][1])


def test_slip_at_scale_0_is_clip():
    arch = resolve(PluginRef(name="vit_pico"))
    found = []
    for name, options in (
        ("clip", {}),
        ("slip", {"ssl_scale": 0.0, "hidden": 16, "crop_min": 1.0, "stored_scale": 1.0}),
    ):
        kind = STRATEGIES.load(name)
        strategy, model = kind(kind.Config(name=name, **options)), build(arch, seed=0)
        strategy.attach(model)
        phase = Phase(64, arch.image_size, arch.text_length)
        GlobalStep(model, strategy, place(), "fp32", 0)([pairs(arch, phase)], phase, Progress(0, 64, 64, ROWS))
        found.append(gradients(model, strategy))
    for key, gradient in found[0].items():
        torch.testing.assert_close(found[1][key], gradient, rtol=1e-5, atol=1e-8)


def test_flip_is_refused_on_a_tower_that_cannot_drop_patches():
    kind, arch = STRATEGIES.load("flip"), resolve(PluginRef(name="resnet_pico"))
    (problem,) = kind.problems(kind.Config(name="flip"), make_spec_for(arch), arch)
    assert problem == "FLIP drops patches, which resnet_pico (resnet) cannot; take a ViT, or another strategy"
