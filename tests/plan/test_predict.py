"""Time and memory from counts and evidence, by hand."""

import pytest

from study.errors import UnknownNameError
from study.hardware import DEVICES, find, recognise
from study.predict import Measured, Overhead, Work, energy_kwh, memory_gib, overhead, predict, samples_for, speed
from study.predict.time import OVERHEAD_SECONDS, PUBLISHED, PUBLISHED_ALL

A100, CPU = find("a100-40"), find("cpu")
NOTHING = Overhead(0.0, 0.0, 0.0)


def measured(arch, speed, family="vit", strategy="clip", device="cpu", name="r", seconds=None):
    return Measured(name, device, arch, family, strategy, speed, seconds)


def test_hours_of_a_published_architecture_on_its_own_gpu():
    work = Work("ViT-B-16", "vit", "clip", train_flops=1e20, devices=8)
    told = predict(work, A100, speed(work, A100, []), NOTHING)
    assert told.gpu_hours == pytest.approx(1e20 / (312e12 * 0.1446) / 3600)
    assert told.low < told.gpu_hours < told.high
    assert told.evidence == "9 published runs of ViT-B-16 on A100: MFU 14.5%"


def test_start_up_is_paid_on_every_gpu():
    work = Work("ViT-B-16", "vit", "clip", train_flops=0.0, devices=8)
    assert predict(work, A100, speed(work, A100, []), Overhead(36.0, 36.0, 36.0)).gpu_hours == pytest.approx(0.08)


def test_the_most_specific_evidence_is_used():
    work = Work("vit_nano", "vit", "flip", train_flops=1e15, devices=2)
    runs = [measured("resnet_nano", 1e9, "resnet", "clip")]
    assert speed(work, CPU, runs).evidence == "1 measured run of any architecture on cpu"
    runs.append(measured("vit_pico", 2e9))
    assert speed(work, CPU, runs).evidence == "1 measured run of this family on cpu"
    runs.append(measured("vit_nano", 3e9))
    assert speed(work, CPU, runs).evidence == "1 measured run of this architecture on cpu"
    runs += [measured("vit_nano", value, strategy="flip") for value in (4e9, 5e9, 9e9)]
    found = speed(work, CPU, runs)
    assert found.evidence == "3 measured runs of this architecture and strategy on cpu"
    assert (found.low, found.value, found.high) == (4e9, 5e9, 9e9)
    assert predict(work, CPU, found, NOTHING).gpu_hours == pytest.approx(1e15 / 2 / 5e9 / 3600)
    assert speed(work, A100, runs).evidence == "29 published runs of ViTs on A100: MFU 13.0%"


def test_ranges_get_wider_as_evidence_gets_vaguer():
    names = [("ViT-B-16", "vit", "a100-40"), ("ViT-S-16", "vit", "a100-40"), ("ViT-S-16", "vit", "h100")]
    names.append(("RN50", "resnet", "h100"))
    found = [speed(Work(arch, family, "clip", 1.0, 1), find(gpu), []) for arch, family, gpu in names]
    ratios = [each.high / each.low for each in found]
    assert ratios == sorted(ratios)


def test_overhead_is_the_median_of_measured_runs():
    runs = [measured("vit", 1.0, seconds=seconds) for seconds in (5.0, None, 30.0, 7.0)]
    assert overhead(CPU, runs) == Overhead(seconds=7.0, low=5.0, high=30.0)
    assert overhead(A100, runs).seconds == OVERHEAD_SECONDS


def test_samples_and_hours_are_inverse():
    work = Work("vit_nano", "vit", "clip", 0.0, 4)
    found = speed(work, CPU, [])
    samples = samples_for(2.0, 1e9, 4, CPU, found)
    again = Work("vit_nano", "vit", "clip", samples * 1e9, 4)
    assert predict(again, CPU, found, NOTHING).gpu_hours == pytest.approx(2.0)


def test_memory_of_states_alone_is_sixteen_bytes_a_parameter():
    assert memory_gib(1024, 0, 0, (1.0, 512), (1.0, 512), 2) == pytest.approx(16 * 1024e6 / 2**30)


def test_memory_of_a_vit_layer_is_34_bytes_a_value():
    macs_a_token = 12 * 768**2  # one layer of width 768, 197 tokens
    gmacs = macs_a_token * 197 / 1e9
    saved = memory_gib(0, 10, 0, (gmacs, 768), (0.0, 512), 2) * 2**30
    assert saved == pytest.approx(34 * 768 * 197 * 10)


def test_energy_at_full_power():
    assert energy_kwh(10.0, A100, threads=8) == 4.0
    assert energy_kwh(10.0, CPU, threads=2) == 0.2


@pytest.mark.parametrize(
    ("driver", "name"),
    [
        ("NVIDIA A100-SXM4-40GB", "a100-40"),
        ("NVIDIA A100-SXM4-80GB", "a100-80"),
        ("NVIDIA A100 80GB PCIe", "a100-80"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H100 PCIe", "h100-pcie"),
        ("NVIDIA H200", "h200"),
        ("NVIDIA L40S", "l40s"),
        ("NVIDIA L40", None),
        ("NVIDIA L4", "l4"),
        ("Tesla T4", "t4"),
        ("Tesla V100-SXM2-32GB", "v100"),
        ("NVIDIA GeForce RTX 4090", "rtx4090"),
        ("AMD Instinct MI300X", "mi300x"),
    ],
)
def test_a_device_is_recognised_by_its_drivers_name(driver, name):
    assert recognise(driver, "cuda") == name


def test_every_device_says_where_its_numbers_come_from():
    assert all(device.source and device.tflops > 0 and device.watts > 0 for device in DEVICES.values())
    assert find(" NVIDIA-H100_PCIe".strip()).name == "h100-pcie"
    with pytest.raises(UnknownNameError, match=r"^device 'a100' comes in several kinds; take a100-40 or a100-80$"):
        find("a100")


def test_published_shares_are_in_order():
    assert all(0 < p.p10 <= p.median <= p.p90 < 1 for p in (*PUBLISHED.values(), PUBLISHED_ALL))
