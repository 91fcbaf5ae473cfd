"""Energy by the counters of a made-up machine, by hand; and by a real GPU where there is one."""

import os
import shutil
import time

import pytest
import torch

from study.measure.energy import Load, open_meter
from study.measure.nvml import Integral, Nvml, of_gpus, open_nvml
from study.measure.rapl import open_rapl

ONE_THREAD = Load(torch.device("cpu"), processes=1, threads=1)
ALL_THREADS = Load(torch.device("cpu"), processes=1, threads=os.cpu_count())
RANGE = 262_143_328_850  # microjoules, as an Intel server's packages have it


@pytest.fixture
def domain(tmp_path, monkeypatch):
    """A function that makes a RAPL domain of a powercap tree of this test's own, or sets its counter."""
    monkeypatch.setattr("study.measure.rapl.POWERCAP", tmp_path)

    def write(path, name, microjoules, most=RANGE):
        folder = tmp_path / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "energy_uj").write_text(f"{microjoules}\n")
        (folder / "max_energy_range_uj").write_text(f"{most}\n")
        return folder

    return write


def test_packages_and_their_memory_are_added_and_nothing_twice(domain):
    places = {
        "intel-rapl:0": "package-0",
        "intel-rapl:0/intel-rapl:0:0": "core",  # part of the package
        "intel-rapl:0/intel-rapl:0:1": "dram",
        "intel-rapl:0:1": "dram",  # the same again: the system lists links to inner domains beside the packages
        "intel-rapl:1": "package-1",
        "intel-rapl:2": "psys",  # the whole platform
        "intel-rapl-mmio:0": "package-0",  # the first package through another door
    }
    for path, name in places.items():
        domain(path, name, 1_000_000)
    meter = open_rapl(ALL_THREADS)
    assert meter.joules() == 0
    for path, name in places.items():
        domain(path, name, 4_000_000)
    assert meter.joules() == pytest.approx(3 * 3.0)
    assert meter.joules() == pytest.approx(3 * 3.0)
    assert meter.source == "rapl"


def test_a_counter_that_starts_again_is_followed_around(domain):
    domain("intel-rapl:0", "package-0", RANGE - 2_000_000)
    meter = open_rapl(ALL_THREADS)
    domain("intel-rapl:0", "package-0", 3_000_000)
    assert meter.joules() == pytest.approx(5.0)
    domain("intel-rapl:0", "package-0", RANGE - 1_000_000)
    meter.joules()
    domain("intel-rapl:0", "package-0", 1_000_000)
    assert meter.joules() == pytest.approx(2.0 + RANGE / 1e6 + 1.0)


def test_a_counter_that_may_have_gone_around_unseen_gives_nothing_from_then_on(domain):
    domain("intel-rapl:0", "package-0", 0, most=10_000)  # 10 mJ: a thousandth of a second at the most that is drawn
    meter = open_rapl(ALL_THREADS)
    time.sleep(0.01)
    assert meter.joules() is None
    assert meter.joules() is None


def test_a_power_that_was_not_read_for_long_gives_nothing_from_then_on(monkeypatch):
    monkeypatch.setattr("pynvml.nvmlDeviceGetPowerUsage", lambda handle: 300_000)  # the driver's, not here
    monkeypatch.setattr("study.measure.nvml.MOST_SECONDS", 0.005)
    meter = Nvml([Integral(None)])
    assert meter.joules() == pytest.approx(0, abs=1)
    time.sleep(0.01)
    assert meter.joules() is None


def test_a_run_has_its_threads_share_of_the_machine(domain):
    domain("intel-rapl:0", "package-0", 0)
    loads = [ONE_THREAD, Load(torch.device("cpu"), 2, os.cpu_count())]
    one, all_of_it = (open_rapl(load) for load in loads)
    domain("intel-rapl:0", "package-0", 60_000_000)
    assert one.joules() == pytest.approx(60 / os.cpu_count())
    assert all_of_it.joules() == pytest.approx(60)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "energy_uj").unlink(),
        lambda folder: (folder / "energy_uj").write_text("not a number"),
        lambda folder: (folder / "max_energy_range_uj").unlink(),
        lambda folder: (folder / "name").write_text("psys\n"),
        shutil.rmtree,
    ],
)
def test_a_machine_whose_counters_cannot_be_read_has_no_meter(domain, spoil):
    spoil(domain("intel-rapl:0", "package-0", 0))
    assert open_rapl(ONE_THREAD) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_counter_that_only_root_may_read_is_no_meter(domain):
    (domain("intel-rapl:0", "package-0", 0) / "energy_uj").chmod(0)
    assert open_rapl(ONE_THREAD) is None


def test_a_counter_that_vanishes_gives_nothing_from_then_on(domain):
    folder = domain("intel-rapl:0", "package-0", 0)
    meter = open_rapl(ONE_THREAD)
    assert meter.joules() == 0
    (folder / "energy_uj").unlink()
    assert meter.joules() is None
    domain("intel-rapl:0", "package-0", 5)
    assert meter.joules() is None


def test_each_device_has_its_own_meter(domain):
    domain("intel-rapl:0", "package-0", 0)
    assert open_nvml(ONE_THREAD) is None
    assert open_rapl(Load(torch.device("cuda", 0), 1, 8)) is None
    assert of_gpus(["GPU-00000000-0000-0000-0000-000000000000"]) is None  # no driver, or no such GPU


@pytest.mark.gpu
def test_a_gpu_that_works_draws_energy():
    from time import monotonic

    begin, meter = monotonic(), open_meter(Load(torch.device("cuda", 0), processes=1, threads=1))
    matrix = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    while monotonic() - begin < 3:
        matrix = torch.nn.functional.normalize(matrix @ matrix)
        torch.cuda.synchronize()
    watts = meter.joules() / (monotonic() - begin)
    assert meter.source == "nvml"
    assert 20 < watts < 1500
