"""Budgets become whole batches; those that rest on counts and predictions are frozen in a lock file."""

import pytest
from ruamel.yaml import YAML

from study.cli import main
from study.errors import GridError

COMMON = (
    "common: {source: {name: table, path: pairs.csv, score_column: score}, arch: vit_pico, strategy: clip, "
    "global_batch_size: 100}\n"
)
# Multiply-adds of what comes first in the image tower: 64 patches of 4 px to a width of 64; a 3x3 convolution at 16 px.
FIRST_LAYER = {"vit_pico": 64 * 48 * 64, "resnet_pico": 16 * 16 * 27 * 16}


def samples(plan):
    return [row["samples_seen"] for row in plan.rows]


def test_samples_are_whole_batches_at_least_one(planned):
    assert samples(planned("{samples_seen: [1, 149, 151, 1000]}")) == [100, 200, 1000]


def test_epochs_are_passes_over_the_subset(planned):
    assert samples(planned("{epochs: [0.5, 2], size: [0.3, 1.0]}")) == [
        200,
        600,
        500,
        2000,
    ]


def test_flops_buy_samples_once(planned, folder):
    plan = planned("{train_flops: [1e12, 2e12], arch: [vit_pico, resnet_pico]}")
    for row, budget in zip(plan.rows, [1e12, 2e12, 1e12, 2e12], strict=True):
        assert row["train_flops"] == pytest.approx(budget, abs=row["train_flops"] / row["samples_seen"] * 50)
        gmacs = row["gmacs_per_sample"] + 100 * 128 / 1e9  # and the similarities with the batch's 100 texts
        first = FIRST_LAYER[row["arch"]] / 1e9  # of which images ask no gradient
        assert row["train_flops"] == pytest.approx(2e9 * (3 * gmacs - first) * row["samples_seen"])
    lock = YAML().load(folder / "small.lock.yaml")
    assert sorted(entry["samples_seen"] for entry in lock["resolved"]) == sorted(samples(plan))
    assert {entry["budget"] for entry in lock["resolved"]} == {"train_flops"}


def test_gpu_hours_are_frozen_until_recalibrated(planned, write_grid, folder, outcome, capsys):
    head = "hardware: {gpu: cpu}\n" + COMMON
    plan = planned("{gpu_hours: 0.01}", head=head)
    lock = (folder / "small.lock.yaml").read_bytes()
    before = plan.rows[0]
    outcome(before["run_id"], samples_per_second=20.0)
    again = planned("{gpu_hours: 0.01}  # changed", head=head)
    assert samples(again) == samples(plan)
    assert (folder / "small.lock.yaml").read_bytes() == lock
    assert main(["plan", "small.yaml", "--recalibrate", "--quiet"]) == 0
    assert f"{before['run_id']} (vit_pico, clip) at {before['samples_seen']:,} samples -> r" in capsys.readouterr().err
    (entry,) = YAML().load(folder / "small.lock.yaml")["resolved"]
    assert entry["samples_seen"] == 700  # 0.01 h x 3600 s x 20 samples a second, in batches of 100
    assert entry["evidence"].startswith("1 run of this configuration on cpu")


def test_hours_buy_fewer_samples_in_fp32_and_a_lock_keeps_the_two_apart(planned, folder):
    head = "hardware: {gpu: h100, count: 4}\n" + COMMON
    bf16, fp32 = samples(planned("{gpu_hours: 0.01, precision: [bf16, fp32]}", head=head))
    assert fp32 < bf16 / 5
    lock = YAML().load(folder / "small.lock.yaml")
    assert [(entry["devices"], entry["precision"]) for entry in lock["resolved"]] == [(4, "bf16"), (4, "fp32")]
    (few,) = samples(planned("{gpu_hours: 0.01, precision: bf16}", head=head.replace("4", "2")))
    lock = YAML().load(folder / "small.lock.yaml")
    assert len(lock["resolved"]) == 3  # on 2 GPUs, which is not on 4
    assert few in {entry["samples_seen"] for entry in lock["resolved"]}


def test_a_lock_from_before_holds_for_any_count_and_precision(planned, folder):
    grid, head = "{gpu_hours: 0.01, precision: [bf16, fp32]}", "hardware: {gpu: h100, count: 4}\n" + COMMON
    planned(grid, head=head)
    path = folder / "small.lock.yaml"
    first, _ = (entry := YAML().load(path))["resolved"]
    old = {name: value for name, value in first.items() if name not in ("devices", "precision")} | {"samples_seen": 700}
    YAML().dump(entry | {"resolved": [old]}, path)
    text = path.read_text()
    assert samples(planned(grid, head=head)) == [700, 700]
    assert path.read_text() == text


def test_a_damaged_lock_is_told(planned, folder):
    (folder / "small.lock.yaml").write_text("resolved: [{arch: vit}]\n")
    with pytest.raises(GridError, match=r"small\.lock\.yaml:1:1: not a lock file of `study plan`"):
        planned("{train_flops: 1e12}")


def test_a_plan_over_its_limit_is_refused(write_grid, folder, capsys):
    path = write_grid("{samples_seen: 1M, seed: [0, 1, 2]}", "limit: {gpu_hours: 0.001}\n" + COMMON)
    assert main(["plan", str(path)]) == 2
    told = capsys.readouterr()
    assert "3 runs: 3 to do" in told.out
    assert "study: small.yaml:1:20: limit.gpu_hours: the plan needs " in told.err
    assert not (folder / "results" / "runs").exists()


def test_a_wrong_device_is_told_before_anything_is_loaded(write_grid, capsys):
    assert main(["plan", str(write_grid("{samples_seen: 200}")), "--gpu", "h10"]) == 2
    assert "unknown device 'h10'; did you mean h100" in capsys.readouterr().err
