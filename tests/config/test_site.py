"""A user's file of devices and prices: what it means, and its mistakes with their places."""

import json
from pathlib import Path

import pytest

from study.cli import main
from study.config.site import read_site, site_path
from study.errors import GridError
from study.hardware import DEVICES, Site, cpu_threads, find, here, recognise

GOOD = """\
devices:
  - {name: NVIDIA B200, tflops: 2250, memory_gib: 180, bandwidth_gb_s: 8000, watts: 1000, source: data sheet}
  - {name: H100, watts: 500, source: capped by us}
  - {name: cpu, tflops: 0.2, source: measured by us}
  - {name: part, tflops: 44, tflops_fp32: 9, memory_gib: 5, bandwidth_gb_s: 200, watts: 60, driver_name: MIG, source: x}
prices: {h100: 2.5, B200: 5, cpu: 0.03}
co2_grams_per_kwh: 380
pue: 1.2
"""

BAD = """\
device: []
devices:
  - {name: b300, tflops: -1, watts: 1000, sorce: x}
  - {name: b200, tflops: 2250, memory_gib: 180, bandwidth_gb_s: 8000, watts: 1000, source: sheet}
  - {name: "B 200", tflops: .inf, memory_gib: 1, bandwidth_gb_s: 1, watts: 1, source: " "}
  - {name: "b/2", tflops: 1, memory_gib: 1, bandwidth_gb_s: 1, watts: "1", source: x, driver_name: "("}
  - 3
prices: {h100: -2, h1000: 3, b200: x, a100: 1, H100: 3, l4: 0}
co2_grams_per_kwh: 0
pue: 0.9
pue: 1.1
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A function from the text of a ``hardware.yaml`` in the working directory to what it says."""
    monkeypatch.chdir(tmp_path)

    def read(text):
        Path("hardware.yaml").write_text(text)
        return read_site(site_path(None))

    return read


def test_own_rows_are_added_or_replace_numbers_and_prices_are_joined_in(site):
    found = site(GOOD)
    b200, h100, cpu = (find(name, found.devices) for name in ("b200", "h100", "cpu"))
    assert (b200.tflops, b200.watts, b200.dollars_per_hour, b200.source) == (2250, 1000, 5, "data sheet")
    assert (h100.tflops, h100.watts, h100.dollars_per_hour) == (989, 500, 2.5)
    assert h100.source == f"capped by us; the rest: {DEVICES['h100'].source}"
    assert (cpu.tflops, cpu.watts, cpu.peak_is_assumed) == (0.2, 10, False)
    assert [found.devices["part"].peak(precision) for precision in ("bf16", "fp32")] == [44, 9]
    assert (found.co2_grams_per_kwh, found.pue) == (380, 1.2)
    assert find("h200", found.devices) == DEVICES["h200"]
    assert DEVICES["h100"].watts == 700
    assert Site.of({"site": json.loads(json.dumps(found.facts()))}) == found


def test_own_rows_are_recognised_first(site):
    devices = site(GOOD).devices
    assert recognise("NVIDIA B200", "cuda", devices) == "b200"
    assert recognise("NVIDIA H100 80GB HBM3", "cuda", devices) == "h100"
    assert recognise("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "cuda", devices) == "part"
    assert recognise("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "cuda") is None
    assert here(["NVIDIA B200", "NVIDIA B200", "Another"], devices) == {"b200": 2, "cpu": cpu_threads()}


@pytest.mark.parametrize(
    ("driver", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H100 PCIe", "h100-pcie"),
        ("NVIDIA H100 NVL", None),
        ("NVIDIA H200", "h200"),
        ("NVIDIA GH200 480GB", None),
        ("NVIDIA L4", "l4"),
        ("NVIDIA L40", None),
        ("NVIDIA L40S", "l40s"),
        ("Tesla T4", "t4"),
        ("NVIDIA T400", None),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
    ],
)
def test_names_that_are_nearly_a_devices_are_not_taken_for_it(driver, name):
    assert recognise(driver, "cuda") == name


def test_without_a_file_nothing_has_a_price(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert site_path(None) is None
    assert read_site(site_path(None)) == Site()
    assert {device.dollars_per_hour for device in DEVICES.values()} == {None}


def test_all_mistakes_are_told_at_once_with_their_places(site):
    known = "a100-40, a100-80, b/2, b200, b300, cpu, h100, h100-pcie, h200, l4, l40s, mi300x, ... (15 in all)"
    with pytest.raises(GridError) as refused:
        site(BAD)
    assert refused.value.problems == [
        "hardware.yaml:1:1: device: unknown key; did you mean devices?",
        "hardware.yaml:3:5: devices.0.source: is missing",
        "hardware.yaml:3:12: devices.0.name: a new device needs memory_gib, bandwidth_gb_s, too",
        "hardware.yaml:3:26: devices.0.tflops: must be greater than 0, got -1",
        "hardware.yaml:3:43: devices.0.sorce: unknown key; did you mean source?",
        "hardware.yaml:5:12: devices.2.name: a second row for b200; keep one",
        "hardware.yaml:5:29: devices.2.tflops: must be a finite number, got inf",
        "hardware.yaml:5:87: devices.2.source: is empty; say where the numbers come from",
        "hardware.yaml:6:12: devices.3.name: must be letters, digits, dots and dashes, such as b200, got 'b/2'",
        "hardware.yaml:6:71: devices.3.watts: must be a number, got '1'",
        "hardware.yaml:6:100: devices.3.driver_name: not a regular expression: "
        "missing ), unterminated subpattern at position 0",
        "hardware.yaml:7:5: devices.4: must be a mapping of settings, got 3",
        "hardware.yaml:8:16: prices.h100: must be greater than 0, got -2",
        f"hardware.yaml:8:20: prices.h1000: unknown device 'h1000'; did you mean h100 or v100 or h200? known: {known}",
        "hardware.yaml:8:36: prices.b200: must be a number, got 'x'",
        "hardware.yaml:8:39: prices.a100: device 'a100' comes in several kinds; take a100-40 or a100-80",
        "hardware.yaml:8:48: prices.H100: a second price of h100; keep one",
        "hardware.yaml:8:61: prices.l4: must be greater than 0, got 0",
        "hardware.yaml:9:20: co2_grams_per_kwh: must be greater than 0, got 0",
        "hardware.yaml:10:6: pue: must be at least 1, got 0.9",
        "hardware.yaml:11:1: pue: the key stands twice, first in line 10; keep one",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "hardware.yaml:1:1: the file is empty; give devices:, prices: or co2_grams_per_kwh:, or remove it"),
        ("- h100\n", "hardware.yaml:1:1: must be a mapping of settings, got a list"),
        ("prices: [2]\n", "hardware.yaml:1:9: prices: must be a mapping of settings, got a list"),
        ("devices: {h100: 2}\n", "hardware.yaml:1:10: devices: must be a list, got a mapping"),
        ("model: 3\n", "hardware.yaml:1:1: model: unknown key; known: co2_grams_per_kwh, devices, prices, pue"),
    ],
)
def test_a_file_of_another_form_says_what_it_is(site, text, problem):
    with pytest.raises(GridError) as refused:
        site(text)
    assert refused.value.problems == [problem]


def test_a_file_that_is_named_must_be_there(site, capsys):
    site(GOOD)
    assert main(["hardware", "--hardware", "hardwear.yaml"]) == 2
    assert capsys.readouterr().err == "study: hardwear.yaml: no such file; did you mean hardware.yaml?\n"


def test_the_command_lists_devices_with_their_sources_and_what_is_here(site, capsys):
    site(GOOD)
    assert main(["hardware", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {*DEVICES, "b200", "part"}
    assert all(row["source"] for row in rows.values())
    assert rows["cpu"]["here"] == cpu_threads()
    assert [rows[name]["tflops_fp32"] for name in ("h100", "v100", "b200", "cpu")] == [67, 15.7, None, 0.2]
    assert (rows["h100"]["dollars_per_hour"], rows["l4"]["dollars_per_hour"]) == (2.5, None)
    assert main(["hardware", "nvidia_B200"]) == 0
    shown = capsys.readouterr().out
    assert "2250" in shown
    assert "h100" not in shown
    assert main(["hardware", "b100"]) == 2
    assert "unknown device 'b100'; did you mean v100 or h100 or b200?" in capsys.readouterr().err
