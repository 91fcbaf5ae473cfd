"""RECLIP: its two phases, the resizing between them, and what it refuses."""

import pytest
import torch

from study.models import build, resolve
from study.models.resize import resize, resized_like
from study.records import DataRef, PluginRef, RunSpec
from study.strategies.clip import Clip
from study.strategies.reclip import Reclip

ARCH = resolve(PluginRef(name="vit_pico"))


def spec_of(samples=6400, batch=64, **fields):
    data = DataRef(source=PluginRef(name="embedded"), unique_pairs=64, fingerprint="0" * 12)
    ref = PluginRef(name="vit_pico")
    given = {"samples_seen": samples, "global_batch_size": batch, **fields}
    return RunSpec(data=data, arch=ref, strategy=PluginRef(name="reclip"), **given)


def strategy_of(**options):
    return Reclip(Reclip.Config(**options))


def test_small_images_first_then_a_share_at_full_size():
    main, full = strategy_of(full_share=0.25, low_text_length=8, fresh_optimizer=True).phases(spec_of(), ARCH)
    assert (main.samples, main.image_size, main.text_length, main.lr_scale) == (4800, 16, 8, 1.0)
    assert (full.samples, full.image_size, full.text_length, full.lr_scale) == (1600, 32, 16, 0.1)
    assert (main.fresh_optimizer, full.fresh_optimizer) == (False, True)


def test_with_one_phase_it_is_clip():
    spec = spec_of()
    assert strategy_of(full_share=1.0).phases(spec, ARCH) == Clip(Clip.Config()).phases(spec, ARCH)


def test_half_of_the_runs_own_size():
    main, full = strategy_of().phases(spec_of(image_size=64), ARCH)
    assert (main.image_size, full.image_size) == (32, 64)


def test_the_main_phase_is_the_smaller_one():
    problems = Reclip.problems(Reclip.Config(low_size=48, low_text_length=20), spec_of(), ARCH)
    assert problems == [
        "RECLIP's main phase is the smaller one, but its low_size is 48 of 32 px; take at most 32",
        "RECLIP's main phase is the smaller one, but its low_text_length is 20 of 16 tokens; take at most 16",
    ]
    assert not Reclip.problems(Reclip.Config(), spec_of(), ARCH)


def test_a_run_without_a_batch_at_full_size_is_refused():
    (problem,) = Reclip.length_problems(Reclip.Config(full_share=0.04), spec_of(samples=640), ARCH)
    assert problem.startswith("RECLIP's full_share 0.04 of 10 batches is less than half a batch")
    assert problem.endswith("raise the budget, or full_share to at least 0.1")
    assert not Reclip.length_problems(Reclip.Config(full_share=0.1), spec_of(samples=640), ARCH)


@pytest.mark.parametrize(
    "tower", ["vit_pico", "swin_pico", "resnet_pico", "convnext_pico", "timm:vit_tiny_patch16_224"]
)
def test_values_beside_the_weights_are_resized_as_the_weights_are(tower):
    arch = resolve(PluginRef(name=tower))
    size, length = max(arch.image_size, 2 * arch.smallest), arch.text_length
    model = build(arch, size // 2, length // 2)
    values = {name: 2 * parameter.detach() for name, parameter in model.named_parameters()}
    before = dict(model.named_parameters())
    found = resized_like(model, values, size, length)
    assert all(parameter is before[name] for name, parameter in model.named_parameters())
    resize(model, size, length)
    changed = {name: p for name, p in model.named_parameters() if p is not before[name]}
    assert found.keys() == changed.keys() >= {"clip.text.positional_embedding"}
    for name, parameter in changed.items():
        torch.testing.assert_close(found[name], 2 * parameter.detach())


def test_moments_go_with_the_tables_or_start_afresh(planned_run, tmp_path):
    from study.train import loop
    from study.train.device import place
    from study.train.setup import open_session

    for fresh in (False, True):
        options = {"full_share": 0.5, "fresh_optimizer": fresh}
        spec = spec_from(planned_run(strategy="reclip", options=options, samples_seen=64))
        with place("cpu", 1) as where:
            session = open_session(spec, tmp_path, where, None)
            one_step(session, loop)
            before = {n: session.optimizer.state[p] for n, p in session._trained().items()}
            session.phase()
            table = session.model.clip.visual.positional_embedding
            after = {n: session.optimizer.state[p] for n, p in session._trained().items()}
        assert table.shape == (65, 64)
        if fresh:
            assert not any(after.values())
            continue
        moments = after["clip.visual.positional_embedding"]
        assert moments["exp_avg"].shape == moments["exp_avg_sq"].shape == table.shape
        assert moments["exp_avg_sq"].min() >= 0
        assert moments["exp_avg"].abs().sum() > 0
        same = "clip.visual.conv1.weight"
        assert torch.equal(after[same]["exp_avg"], before[same]["exp_avg"])


def spec_from(path):
    from study.config.spec import read_spec

    return read_spec(path)


def one_step(session, loop):
    phase, _ = session.phase()
    session.backward(session.batches(), phase, loop._progress(session))
    session.optimizer.step()
    session.samples_seen += session.spec.global_batch_size


def test_two_equal_phases_are_clip_in_pieces():
    (problem,) = Reclip.problems(Reclip.Config(low_size=32), spec_of(), ARCH)
    assert problem == "RECLIP's main phase is as large as the full one, so this is CLIP in two pieces; take clip"
    assert not Reclip.problems(Reclip.Config(low_size=32, full_share=1.0), spec_of(), ARCH)
