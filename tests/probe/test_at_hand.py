"""Which device a probe is made on, by a driver's answers that a script gives; and who else is at work there."""

import pytest

from study.cli import main
from study.errors import PlanError, ProbeError
from study.hardware import gpu_names, gpus_present
from study.predict import Job
from study.probe.at_hand import at_hand
from study.probe.busy import busy
from study.probe.run import at_once
from study.probe.task import Task

LISTED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa0)
  MIG 1g.5gb      Device  0: (UUID: MIG-aa1)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bb0)
GPU 2: NVIDIA Odd (UUID: GPU-cc0)
"""
USED = "GPU-aa0, 0\nGPU-bb0, 97\nGPU-cc0, [N/A]\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that gives this machine three GPUs, of which ``CUDA_VISIBLE_DEVICES`` leaves some."""
    script = tmp_path / "bin" / "nvidia-smi"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nif [ "$1" = -L ]; then cat <<END\n{LISTED}END\nelse cat <<END\n{USED}END\nfi\n')
    script.chmod(0o755)

    def visible(said=None):
        monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if said is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", said)

    return visible


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (None, ["NVIDIA A100-SXM4-40GB", "NVIDIA H100 80GB HBM3", "NVIDIA Odd"]),
        ("2,0", ["NVIDIA Odd", "NVIDIA A100-SXM4-40GB"]),
        ("GPU-bb", ["NVIDIA H100 80GB HBM3"]),
        ("MIG-aa1", ["NVIDIA A100-SXM4-40GB MIG 1g.5gb"]),
        ("1,7,0", ["NVIDIA H100 80GB HBM3"]),  # CUDA stops at the first that is not there
        ("-1", []),
        ("", []),
    ],
)
def test_only_visible_gpus_count_in_their_order(machine, said, names):
    machine(said)
    assert gpu_names() == names
    assert gpus_present() == len(names)


def test_the_device_is_looked_up_among_the_visible_ones(machine):
    machine("1,0")
    assert at_hand("auto").device.name == at_hand("cuda:0").device.name == "h100"
    assert at_hand("cuda:1").device.name == "a100-40"
    assert at_hand("cpu").gpus == ()
    machine("")
    assert at_hand("auto").device.name == "cpu"


@pytest.mark.parametrize("wanted", ["cuda:x", "gpu", "cpu:1", "cuda:-1", "cuda:"])
def test_what_is_no_device_is_told(machine, wanted):
    machine()
    with pytest.raises(PlanError, match=f"^--device {wanted}: not a device; take auto, cpu, cuda or cuda:N$"):
        at_hand(wanted)


def test_a_gpu_that_is_not_there_or_not_known_is_told(machine, monkeypatch):
    machine("0,1")
    with pytest.raises(PlanError, match=r"^--device cuda:2: this machine's GPUs are 0 to 1$"):
        at_hand("cuda:2")
    machine("2")
    with pytest.raises(ProbeError, match="NVIDIA Odd is not in the table of devices"):
        at_hand("auto")
    machine("0")
    monkeypatch.setenv("PATH", "/nowhere")  # no driver, whatever is said to be visible
    with pytest.raises(PlanError, match=r"^--device cuda: this machine has no GPU that can be used; "):
        at_hand("cuda")
    assert at_hand("auto").device.name == "cpu"


def test_only_the_gpus_that_are_probed_must_be_idle(machine):
    machine()
    assert busy(at_hand("cuda:1").gpus) == "a GPU is at 97 %"
    assert busy(at_hand("cuda:0").gpus) is None


@pytest.mark.parametrize(("cores", "runs", "wanted", "processes"), [(64, 1, None, 1), (64, 99, None, 16), (2, 9, 3, 3)])
def test_no_more_processes_than_the_plan_has_runs(monkeypatch, cores, runs, wanted, processes):
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: range(cores))
    monkeypatch.setattr("study.hardware.machine.quota", lambda: None)
    job = Job("cpu", "vit_pico", "vit", "clip", "embedded", 256, 32, 16, 32, 32, "fp32", 0, threads=4, params_m=1.0)
    task = Task(job, None, None, (), None, False)
    assert at_once(task, runs, wanted) == processes


def test_a_folder_in_the_place_of_a_file_is_told(grid, tmp_path, capsys):
    path = grid("{strategy: clip}")
    for command in ("plan", "probe"):
        assert main([command, str(path), "--hardware", str(tmp_path)]) == 2
        assert capsys.readouterr().err == f"study: {tmp_path}: cannot be read: Is a directory\n"
    assert main(["plan", str(tmp_path)]) == 2
    assert "cannot be read: Is a directory" in capsys.readouterr().err
