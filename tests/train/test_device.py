"""Runs side by side on one machine, each with a GPU of its own; the GPUs are pretended."""

from types import SimpleNamespace

import pytest
import torch

from study.errors import PlanError
from study.train.device import _free_gpu


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """What a process sees of a machine: its GPUs, by their own ids, as CUDA counts them."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def sees(*ids, visible=None):
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(ids))
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=ids[index]))

    return sees


def test_each_run_takes_a_gpu_that_no_other_holds_and_gives_it_back(machine):
    machine("a", "b")
    with _free_gpu() as first, _free_gpu() as second:
        assert (first, second) == (0, 1)
        with pytest.raises(PlanError, match="every GPU of this machine is taken"), _free_gpu():
            pass
    with _free_gpu() as again:
        assert again == 0


def test_jobs_that_are_confined_to_their_gpus_each_have_a_gpu_0(machine):
    machine("a", visible="0")
    with _free_gpu() as first:
        machine("b", visible="0")
        with _free_gpu() as second:
            assert (first, second) == (0, 0)
