"""Plans share a batch out so that it fits, and refuse what fits nowhere, at its place in the grid."""

import re

import pytest

from study.errors import GridError
from study.plan.make import Options
from study.plan.table import StudyTable

COMMON = (
    "hardware: {gpu: tiny, count: 2}\n"
    "common: {source: {name: table, path: pairs.csv, score_column: score}, arch: vit_pico, strategy: clip,\n"
    "  global_batch_size: 200, samples_seen: 400}\n"
)


@pytest.fixture
def tiny(planned, folder):
    """A function that plans sub-grids for two GPUs of so many GiB."""

    def plan(sub_grids, memory_gib):
        device = f"name: tiny, tflops: 1, memory_gib: {memory_gib}, bandwidth_gb_s: 1, watts: 1, source: a test"
        (folder / "own.yaml").write_text(f"devices:\n  - {{{device}}}\n")
        return planned(sub_grids, options=Options(hardware=folder / "own.yaml"), head=COMMON)

    return plan


def test_a_batch_is_shared_out_so_that_it_fits(tiny):
    (whole,) = tiny("{seed: 0}", memory_gib=1).rows
    assert (whole["micro_batch_size"], whole["grad_accum_steps"], whole["gpus"]) == (100, 1, 2)
    (shared,) = tiny("{seed: 0}", memory_gib=0.05).rows
    assert 1 < shared["grad_accum_steps"] == 100 // shared["micro_batch_size"]
    assert shared["predicted_memory_gib"] <= 0.9 * 0.05 < whole["predicted_memory_gib"]


def test_nodes_share_what_a_run_asks_for(tiny, planned, folder):
    (one,) = tiny("{seed: 0}", memory_gib=1).rows
    nodes = COMMON.replace("count: 2", "count: 2, nodes: 2")
    made = planned("{seed: 0}", options=Options(hardware=folder / "own.yaml"), head=nodes)
    (two,) = made.rows
    assert (one["gpus"], one["nodes"], two["gpus"], two["nodes"]) == (2, 1, 2, 2)
    assert one["mem_mb"] == 2 * two["mem_mb"]
    assert {name for name in one if one[name] != two[name]} == {"nodes", "mem_mb"}
    asked = StudyTable(folder / "results", "small")
    assert [asked.resource(two["run_id"], name) for name in ("gpus", "nodes", "processes")] == [2, 2, 2]


def test_on_a_cpu_one_process_takes_the_whole_batch_whatever_the_grids_gpus_are(planned):
    made = planned("{seed: 0}", options=Options(gpu="cpu"), head=COMMON.replace("tiny, count: 2", "h100, count: 8"))
    (row,) = made.rows
    assert (row["micro_batch_size"], row["grad_accum_steps"], row["gpus"], made.count) == (200, 1, 0, 1)


def test_a_tower_that_fits_no_gpu_whole_is_sharded(planned, folder):
    head = COMMON.replace("count: 2", "count: 8").replace("arch: vit_pico, ", "")
    device = "name: tiny, tflops: 1, memory_gib: 16, bandwidth_gb_s: 1, watts: 1, source: a test"
    (folder / "own.yaml").write_text(f"devices:\n  - {{{device}}}\n")
    small, large = planned(
        "{arch: [ViT-B-32, ViT-H-14]}", options=Options(hardware=folder / "own.yaml"), head=head
    ).rows
    assert (small["arch"], small["sharded"], small["micro_batch_size"]) == ("ViT-B-32", False, 25)
    assert (large["arch"], large["sharded"]) == ("ViT-H-14", True)
    # a checkpoint is put together (12 bytes a parameter), beside what each of eight processes takes
    own, params = 8000, large["params_m"]
    assert large["mem_mb"] == pytest.approx(8 * (own + 14 * params) + 12 * params, abs=9)
    assert 16 * large["params_m"] * 1e6 / 2**30 > 0.9 * 16 > large["predicted_memory_gib"]


def test_half_precision_takes_less(tiny):
    half, whole = tiny("{precision: [bf16, fp32]}", memory_gib=1).rows
    assert half["predicted_memory_gib"] < 0.8 * whole["predicted_memory_gib"]


def test_what_fits_nowhere_is_refused_with_the_numbers(tiny):
    with pytest.raises(GridError) as caught:
        tiny("[{arch: [vit_pico, resnet_pico]}, {arch: [swin_pico, ViT-B-32]}]", memory_gib=0.05)
    told = [re.sub(r"\b\d\.\d+", "N", problem) for problem in caught.value.problems]
    parts = "(weights and optimiser N, stored pairs N, loss N, activations and gradients N)"
    shared = "sharded over 2 devices"
    usable = "tiny has N GiB (N to be used); take "
    ways = "a smaller global_batch_size, a smaller tower or a device with more memory"
    assert told == [
        "small.yaml:3:22: common.global_batch_size: resnet_pico with clip needs N GiB with the 100 pairs that batch "
        f"norm takes at once, {shared} {parts}, {usable}batch_norm: per_micro_batch with "
        f"micro_batch_size: 25 or count: 4 in hardware, which shard the tower or {ways}",
        "small.yaml:3:22: common.global_batch_size: ViT-B-32 with clip needs N GiB with a micro-batch of 1, "
        f"{shared} {parts}, {usable}{ways}",
    ]


def test_the_table_says_how_batches_are_shared_out(tiny, folder, capsys):
    from study.cli import main

    tiny("{seed: [0, 1]}", memory_gib=0.05)
    capsys.readouterr()
    assert main(["plan", "small.yaml", "--hardware", "own.yaml"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"200 = \d+x\d+x2 ", shown)
    assert "batch: pairs a step = micro-batch x accumulation x GPUs, the largest micro-batch that fits" in shown
    assert "a GPU is filled to 90% at most" in shown
