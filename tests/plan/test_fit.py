"""The micro-batch that fits, by hand: a run takes 2 GiB, and 1 GiB for each pair that passes the towers at once."""

from dataclasses import replace

import pytest

from study.hardware import DEVICES
from study.models import resolve
from study.plan.fit import GIB, fit, usable_gib
from study.predict import Parts
from study.records import DataRef, PluginRef, RunSpec

GPU = replace(DEVICES["h100"], name="tiny", memory_gib=20)
VIT, RESNET = (resolve(PluginRef(name=name)) for name in ("vit_pico", "resnet_pico"))


def spec(batch, **given):
    data = DataRef(source=PluginRef(name="embedded"), unique_pairs=4096, fingerprint="none")
    arch, strategy = PluginRef(name="vit_pico"), PluginRef(name="clip")
    return RunSpec(data=data, arch=arch, strategy=strategy, samples_seen=batch, global_batch_size=batch, **given)


def peak(split):
    return Parts(states=GIB, pairs=0, loss=GIB, towers=split.micro * GIB)


@pytest.mark.parametrize(
    ("batch", "count", "micro"), [(16, 1, 16), (17, 1, 1), (48, 1, 16), (48, 2, 12), (48, 3, 16), (45, 1, 15)]
)
def test_the_largest_divisor_of_the_share_that_fits(batch, count, micro):
    assert usable_gib(GPU) == 18
    assert fit(spec(batch), VIT, GPU, count, peak) == (micro, 2 + micro, None, False)


def test_a_cpu_takes_all_at_once():
    assert fit(spec(512), VIT, DEVICES["cpu"], 1, peak) == (512, 514, None, False)


def test_batch_norm_takes_its_share_at_once_or_says_what_to_do():
    assert fit(spec(32), RESNET, GPU, 2, peak).micro == 16
    assert fit(spec(64), RESNET, GPU, 1, peak).problem == (
        "resnet_pico with clip needs 66.0 GiB with the 64 pairs that batch norm takes at once (weights and optimiser "
        "1.0, stored pairs 0.0, loss 1.0, activations and gradients 64.0), tiny has 20 GiB (18.0 to be used); "
        "take batch_norm: per_micro_batch with micro_batch_size: 16 or count: 4 in hardware or a smaller "
        "global_batch_size, a smaller "
        "tower or a device with more memory"
    )


def test_a_micro_batch_of_the_grid_that_does_not_fit():
    own = spec(64, micro_batch_size=32, batch_norm="per_micro_batch", precision="fp32")
    assert fit(own, RESNET, GPU, 1, peak).problem == (
        "resnet_pico with clip needs 34.0 GiB with a micro-batch of 32 (weights and optimiser 1.0, stored pairs 0.0, "
        "loss 1.0, activations and gradients 32.0), tiny has 20 GiB (18.0 to be used); "
        "take micro_batch_size: 16 or precision: bf16 or a smaller global_batch_size, a smaller tower or a "
        "device with more memory"
    )


def test_what_fits_nowhere():
    found = fit(spec(64), VIT, GPU, 1, lambda split: Parts(20 * GIB, GIB // 4, 1234 * GIB, 0))
    assert found == (
        1,
        1254.25,
        "vit_pico with clip needs 1,254.2 GiB with a micro-batch of 1 (weights and optimiser 20.0, stored pairs 0.25, "
        "loss 1,234.0, activations and gradients 0.0), tiny has 20 GiB (18.0 to be used); "
        "take a smaller global_batch_size, a smaller tower or a device with more memory",
        False,
    )


def heavy(split):
    """A tower whose states alone take 20 GiB, of which sharded processes hold a share each."""
    return Parts(
        states=20 * GIB // (split.processes if split.sharded else 1), pairs=0, loss=0, towers=split.micro * GIB
    )


def test_towers_are_sharded_only_where_they_do_not_fit_whole():
    assert fit(spec(16), VIT, GPU, 2, heavy) == (8, 18, None, True)
    assert fit(spec(64), VIT, GPU, 4, heavy) == (8, 13, None, True)  # the largest micro-batch that fits then
    assert fit(spec(64), VIT, GPU, 4, peak).sharded is False


def test_more_devices_that_would_shard_a_tower_are_a_way_out():
    assert fit(spec(64), VIT, GPU, 1, heavy).problem == (
        "vit_pico with clip needs 21.0 GiB with a micro-batch of 1 (weights and optimiser 20.0, stored pairs 0.0, "
        "loss 0.0, activations and gradients 1.0), tiny has 20 GiB (18.0 to be used); "
        "take count: 2 in hardware, which shard the tower or a smaller global_batch_size, a smaller tower or a "
        "device with more memory"
    )
    bound = fit(spec(32), RESNET, GPU, 2, heavy)
    assert (bound.sharded, bound.micro) == (True, 16)
    assert (
        "take batch_norm: per_micro_batch with micro_batch_size: 8 or count: 4 in hardware, which shard the tower"
        in (bound.problem)
    )
    assert "GiB with the 16 pairs that batch norm takes at once, sharded over 2 devices (" in bound.problem
