"""Energy from counts, by hand; devices by their names."""

import pytest

from study.errors import UnknownNameError
from study.hardware import DEVICES, find, recognise
from study.predict import energy_kwh

A100, CPU = find("a100-40"), find("cpu")


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
    assert all(device.peak("fp32") for device in DEVICES.values())
    assert find(" NVIDIA-H100_PCIe".strip()).name == "h100-pcie"
    with pytest.raises(UnknownNameError, match=r"^device 'a100' comes in several kinds; take a100-40 or a100-80$"):
        find("a100")
