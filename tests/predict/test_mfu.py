"""MFU from published runs: the line by hand, its range outside the evidence, and recovery of a planted line."""

from dataclasses import replace
from math import e, exp, log

import pytest

from study.hardware import find
from study.predict.mfu import MOST, OTHER_FAMILY, OTHER_GPU, OTHER_PRECISION, Chip, Line, PublishedModel
from study.predict.mfu_fit import fit, fit_published, held, left_out
from study.predict.published_runs import PublishedRun, groups, published_runs

A100, H100 = Chip(find("a100-40"), "bf16"), Chip(find("h100"), "bf16")
PEAK_HOUR = A100.tflops * 1e12 * 3600
LINE = Line(level=log(0.1), slopes=(0.5, -0.25, 1.0), centres=(log(10.0), log(256.0), 0.0))
MODEL = PublishedModel(LINE, n=10, gmacs=(5.0, 100.0), gpus=(128, 512), spread=log(2))


def run(name, gmacs, gpus, mfu, arch="ViT-B-16", source="a"):
    return PublishedRun(name, source, arch, 100.0, mfu * 100 * PEAK_HOUR, gmacs, gpus, True)


def test_the_line_by_hand():
    assert LINE.log_mfu(10.0, 256) == pytest.approx(log(0.1))
    assert LINE.log_mfu(10.0 * e**2, 256 * e**4) == pytest.approx(log(0.1) + 1.0 - 1.0)
    assert LINE.log_mfu(10.0, None, in_jax=True) == pytest.approx(log(0.1) + 1.0)


def test_within_the_evidence_the_range_is_the_spread():
    found = MODEL.mfu(10.0, 256, "vit", A100, A100)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.05, 0.2))
    assert found.evidence == "10 published runs on A100 by size and GPUs"


def test_outside_the_evidence_the_range_is_wider_and_says_so():
    family, gpu = MODEL.mfu(10.0, 256, "swin", A100, A100), MODEL.mfu(10.0, 256, "vit", H100, A100)
    assert family.high / family.value == pytest.approx(2 * OTHER_FAMILY)
    assert gpu.value / gpu.low == pytest.approx(2 * OTHER_GPU)
    assert gpu.value < 0.1  # less bandwidth for each FLOP
    assert family.evidence.endswith("(none of family swin)")
    assert gpu.evidence.endswith("(none on this GPU)")


def test_fp32_is_held_against_its_own_peak_and_is_less_certain():
    fp32 = Chip(H100.device, "fp32")
    assert (fp32.tflops, fp32.off, fp32.numbers_a_second) == (67, 1.0, H100.numbers_a_second / 2)
    bf16, slow = MODEL.mfu(10.0, 256, "vit", H100, A100), MODEL.mfu(10.0, 256, "vit", fp32, A100)
    assert slow.value > bf16.value  # arithmetic is so slow that memory keeps up, but 15 times the peak is far off
    assert slow.value * fp32.tflops < bf16.value * H100.tflops / 5
    assert slow.value / slow.low == pytest.approx(2 * OTHER_GPU * OTHER_PRECISION)
    assert slow.evidence.endswith("(none on this GPU, none in fp32)")


def test_a_peak_that_nobody_gives_is_assumed_and_said_so():
    unknown = Chip(replace(H100.device, tflops_fp32=None), "fp32")
    assert (unknown.tflops, unknown.off) == (pytest.approx(989 / 6), 3.0)
    assert MODEL.mfu(10.0, 256, "vit", unknown, A100).evidence.endswith("none in fp32, its peak in fp32 assumed)")
    old = Chip(find("v100"), "fp32")  # its only peak is that of fp32
    assert (old.tflops, old.off) == (15.7, 1.0)


def test_few_gpus_count_as_the_fewest_seen_but_may_do_better():
    few, least = MODEL.mfu(10.0, 8, "vit", A100, A100), MODEL.mfu(10.0, 128, "vit", A100, A100)
    assert few.value == least.value
    assert few.low == least.low
    assert few.high / least.high == pytest.approx(exp(0.25 * log(128 / 8) / 2))
    assert MODEL.mfu(1e6, 8, "vit", A100, A100).high <= MOST


def test_a_small_model_is_slower_and_less_certain():
    small, seen = MODEL.mfu(5.0 / e**2, 256, "vit", A100, A100), MODEL.mfu(5.0, 256, "vit", A100, A100)
    assert small.value / seen.value == pytest.approx(exp(-1.0))
    assert small.value / small.low == pytest.approx(2 * exp(0.5))


def test_a_planted_line_is_found_and_one_outlier_does_not_move_it():
    points = [(g, n) for g in (5.0, 10.0, 20.0, 40.0, 80.0, 160.0) for n in (100, 200, 400, 800)]
    runs = [run(f"{g} {n}", g, n, 0.1 * (g / 20) ** 0.3 * (n / 300) ** -0.2, arch=str(g)) for g, n in points]
    clean, dirty = fit(runs), fit([replace(runs[0], train_flops=runs[0].train_flops * 6), *runs[1:]])
    assert clean.slopes[:2] == pytest.approx((0.3, -0.2), abs=0.01)
    assert dirty.log_mfu(20.0, 300) == pytest.approx(clean.log_mfu(20.0, 300), abs=0.05)


def test_rows_that_restate_one_measurement_are_one_group():
    runs = [run("a", 20, 128, 0.10), run("b", 20, 128, 0.101), run("c", 20, 128, 0.12), run("d", 20, 256, 0.10)]
    labels = groups(runs)
    assert labels[0] == labels[1]
    assert len(set(labels)) == 3


def test_a_left_out_run_does_not_see_itself():
    runs = [run(str(n), 20 + n, 128 + n, 0.1) for n in range(6)]
    changed = [replace(runs[0], train_flops=runs[0].train_flops * e), *runs[1:]]
    moved = left_out(changed, range(6))[0] - left_out(runs, range(6))[0]
    assert moved == pytest.approx(1.0)


def test_held_is_the_conformal_rank():
    errors = [n / 100 for n in range(1, 20)]  # 19: the 18th of 19 holds nine in ten of the next
    assert held(errors) == 0.18
    assert held([0.1, -0.3]) == 0.3


def test_published_runs_have_plausible_mfu():
    runs = published_runs()
    assert len(runs) == 38
    assert sum(run.from_throughput for run in runs) == 29
    assert all(0.03 < run.mfu < 0.31 for run in runs)
    assert len(set(groups(runs))) == 29
    assert fit_published().gpus == (128, 1024)
