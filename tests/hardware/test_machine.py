"""How many threads this process may run, from control groups as Linux writes them down."""

import pytest

from study.hardware import cpu_threads
from study.hardware.quota import quota


@pytest.fixture
def groups(tmp_path):
    """A function that writes /proc/self/cgroup and files of control groups, and asks for the quota."""

    def ask(told, **files):
        (tmp_path / "told").write_text(told)
        for name, text in files.items():
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return quota(tmp_path / "told", tmp_path / "root")

    return ask


def test_the_tightest_quota_around_a_process_counts(groups):
    files = {"cpu.max": "max 100000\n", "job/cpu.max": "250000 100000\n", "job/step/cpu.max": "800000 100000\n"}
    assert groups("0::/job/step\n", **files) == 2.5
    assert groups("0::/\n") is None
    assert groups("0::/another/of/the/host\n", **{"cpu.max": "150000 100000\n"}) == 1.5  # as a container sees it


def test_version_1_has_a_controller_for_it(groups):
    quotas = {"cpu/job/cpu.cfs_quota_us": "400000\n", "cpu/job/cpu.cfs_period_us": "100000\n"}
    assert groups("5:memory:/elsewhere\n3:cpu,cpuacct:/job\n", **quotas) == 4.0
    assert groups("3:cpu,cpuacct:/job\n", **quotas | {"cpu/job/cpu.cfs_quota_us": "-1\n"}) is None


def test_where_nothing_is_told_there_is_no_quota(groups, tmp_path):
    assert quota(tmp_path / "absent", tmp_path) is None
    assert groups("0::/\n", **{"cpu.max": "odd\n"}) is None


@pytest.mark.parametrize(("left", "threads"), [(None, 8), (2.5, 2), (0.5, 1), (64.0, 8)])
def test_threads_are_whole_ones_of_the_quota(monkeypatch, left, threads):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: range(8))
    monkeypatch.setattr("study.hardware.machine.quota", lambda: left)
    assert cpu_threads() == threads
