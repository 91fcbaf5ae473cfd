"""Peak memory of training steps: what fake tensors say, against what the CPU's allocator gives out."""

import gc

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode

from benchmarks.memory import case_of, measured_bytes, predicted_bytes
from study.measure.allocations import Allocations
from study.measure.memory_cache import MemoryCache, Setting
from study.measure.towers_memory import towers_memory
from study.models import resolve, size_problem
from study.records import PluginRef
from study.strategies import STRATEGIES
from study.strategies.base import Phase

FP32, BF16 = Setting(bf16=False, gpu=False), Setting(bf16=True, gpu=False)
WHOLE = Phase(1, 32, 16)


def arch_of(name):
    return resolve(PluginRef(name=name))


def strategy_of(name, **options):
    kind = STRATEGIES.load(name)
    return kind(kind.Config(name=name, **options))


def towers_of(arch="vit_pico", strategy="clip", phase=WHOLE, setting=FP32):
    return towers_memory(arch_of(arch), strategy_of(strategy), phase, setting)


def test_storages_are_followed_by_hand():
    with FakeTensorMode():
        layer = nn.Linear(10, 7, bias=False)
        seen = Allocations([layer.weight])
        with seen:
            x = torch.zeros(3, 10)
            y = layer(x.view(3, 10)).relu()  # which keeps its own result for the gradient
            del x, y
    assert [change.bytes for change in seen.changes] == [120, 84, 84, -84, -120, -84]


def check(text, device="cpu", within=0.1):
    """The prediction for a case is near to the allocator's peak."""
    gc.collect()  # what earlier tests leave must not be freed while this one is measured
    case, device = case_of(text), torch.device(device)
    predicted = predicted_bytes(case, gpu=device.type == "cuda")
    assert measured_bytes(case, device) == pytest.approx(predicted, rel=within)


def refusals(spec):
    """Why a plan refuses a run: the strategy's own reasons, or sizes that the tower cannot take."""
    arch, strategy = resolve(spec.arch), strategy_of(spec.strategy.name)
    sizes = [phase.image_size for phase in strategy.phases(spec, arch)]
    return [*strategy.problems(strategy.config, spec, arch), *filter(None, (size_problem(arch, s) for s in sizes))]


FAMILIES = ["vit_pico", "resnet_pico", "convnext_pico", "swin_pico"]


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_takes_what_is_predicted(name):
    check(f"vit_pico,{name},64,64", within=0.05)


@pytest.mark.parametrize("arch", FAMILIES)
def test_every_family_takes_what_is_predicted(arch):
    check(f"{arch},clip,256,256", within=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("arch", FAMILIES[1:])
@pytest.mark.parametrize("name", [name for name in STRATEGIES.names() if name != "clip"])
def test_every_strategy_on_every_family_takes_what_is_predicted(name, arch):
    case = f"{arch},{name},64,64"
    for reason in refusals(case_of(case).spec):
        pytest.skip(reason)
    check(case, within=0.05)


def test_accumulation_and_half_precision_take_what_is_predicted():
    check("vit_pico,clip,256,32", within=0.05)
    check("vit_pico,slip,64,16", within=0.05)
    check("vit_pico,clip,256,256,bf16", within=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        "ViT-B-32,clip,16,16",
        "ViT-B-32,clip,16,4,bf16",
        "ViT-B-32,clip,16,16,checkpointing",
        "RN50,clip,16,16",
        "ViT-B-32,slip,16,16",
    ],
)
def test_towers_of_full_size_take_what_is_predicted(case):
    check(case)


@pytest.mark.gpu
@pytest.mark.parametrize(
    "case", ["ViT-B-32,clip,256,256", "ViT-B-32,clip,4096,128", "RN50,clip,128,128", "timm:convnext_tiny,clip,128,128"]
)
def test_a_gpu_takes_what_is_predicted(case):
    check(f"{case},bf16", device="cuda")


def test_states_are_sixteen_bytes_a_trained_parameter():
    towers = towers_of()
    model_params = towers.gradients // 4 + 1  # and logit_scale
    text_mask = 16 * 16 * 4
    assert towers.states == 12 * model_params + text_mask
    frozen = towers_of(strategy="clip_lite")
    assert frozen.gradients < towers.gradients  # the towers' projections are not trained


def test_half_precision_and_checkpointing_save_activations():
    whole, half = towers_of(), towers_of(setting=BF16)
    again = towers_of(setting=Setting(bf16=False, gpu=False, checkpointing=True))
    assert 0.5 < half.saved.a_pair / whole.saved.a_pair < 0.7
    assert again.saved.a_pair < 0.3 * whole.saved.a_pair
    assert again.states == half.states == whole.states
    # norms are taken in fp32 under a GPU's autocast, in bf16 under a CPU's
    assert towers_of(setting=Setting(bf16=True, gpu=True)).saved.a_pair > half.saved.a_pair


def test_views_and_dropped_patches_are_in_the_activations():
    one, three = towers_of(), towers_of(strategy="slip")
    assert three.features == {"image": [128], "text": [128], "view_a": [64], "view_b": [64]}
    assert 2 < three.saved.a_pair / one.saved.a_pair < 3  # three images, one text
    half = towers_of(strategy="flip", phase=Phase(1, 32, 16, keep_patches=0.5))
    assert half.saved.a_pair < one.saved.a_pair


def test_nothing_is_allocated():
    import tracemalloc
    from resource import RUSAGE_SELF, getrusage

    towers_of()
    tracemalloc.start()
    before = getrusage(RUSAGE_SELF).ru_maxrss
    towers = towers_of("ViT-B-32", phase=Phase(1, 224, 77))
    tracemalloc.stop()
    assert towers.states > 1.8e9
    assert (getrusage(RUSAGE_SELF).ru_maxrss - before) * 1024 < 0.1 * towers.states


def test_what_is_found_is_kept_and_told_apart(tmp_path):
    path, arch, clip = tmp_path / "cache" / "memory.json", arch_of("vit_pico"), strategy_of("clip")
    first = MemoryCache(path).towers(arch, clip, WHOLE, FP32)
    assert MemoryCache(path).towers(arch, clip, WHOLE, FP32) == first == towers_of()
    loss = MemoryCache(path).loss(arch, clip, WHOLE, first.features, 64)
    assert MemoryCache(path).loss(arch, clip, WHOLE, first.features, 64) == loss
    assert MemoryCache(path).loss(arch, clip, WHOLE, first.features, 128).peak > loss.peak
    assert MemoryCache(path).towers(arch, strategy_of("slip"), WHOLE, FP32) != first
    assert MemoryCache(path).towers(arch, clip, Phase(1, 48, 16), FP32) != first
    assert MemoryCache(path).loss(arch, clip, Phase(1, 48, 16), first.features, 64) == loss
    assert MemoryCache(path).towers(arch, clip, WHOLE, BF16) != first


def test_a_loss_by_hand():
    """CLIP at B pairs: at the peak, the similarities, both softmaxes and the gradients at the logits."""
    from study.measure.loss_memory import loss_memory

    batch = 4096
    matrix = 4 * batch**2
    found = loss_memory(arch_of("vit_pico"), strategy_of("clip"), WHOLE, {"image": [128], "text": [128]}, batch)
    features = 4 * 4 * 128 * batch  # two features with a gradient each
    assert found.peak == pytest.approx(4 * matrix, rel=0.05)
    assert found.kept == pytest.approx(features, rel=0.05)
    assert found.states == 0


@pytest.mark.parametrize(
    ("name", "matrices"), [("clip", 4), ("siglip", 6), ("amorlip", 6), ("slip", 15), ("clip_lite", 0)]
)
def test_products_within_a_batch(name, matrices):
    """The loss's peak grows with the square of the batch by so many fp32 matrices of B x B."""
    from study.measure.loss_memory import loss_memory

    arch, strategy, batch = arch_of("vit_pico"), strategy_of(name), 16384
    shapes = towers_of(strategy=name).features
    one, two, three = (loss_memory(arch, strategy, WHOLE, shapes, times * batch).peak for times in (1, 2, 3))
    assert (one - 2 * two + three) / 2 == matrices * 4 * batch**2
