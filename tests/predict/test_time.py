"""Hours of a run from evidence, by hand."""

from dataclasses import replace

import pytest

from study.hardware import find
from study.predict import EvaluationSet, Evidence, predict, samples_for, speed
from study.predict.mfu import Chip, published_model
from study.predict.overheads import CHECKPOINT_EVERY, TOKENISING

CPU, A100, H100 = find("cpu"), find("a100-40"), find("h100")
TEST = EvaluationSet("embedded/test", own=True, metrics=("retrieval",))


def told(work, *measured, device=CPU, without=None):
    return predict(work, device, Evidence.of(measured), without)


def test_device_hours_are_the_sum_of_their_parts(work, measured):
    run = measured(1e9, seconds=10.0, data=0.001, checkpoint=2.0, scored={TEST.key: 5.0})
    found = told(work(1e12, (TEST,)), run)
    steps, data, checkpoints = 1e12 / 1e9 / 2, 1000 * 0.001, 2.0 * (1 + int(500 / CHECKPOINT_EVERY))
    assert found.gpu_hours * 3600 == pytest.approx(steps + data + checkpoints + 10 + 5)
    assert found.low < found.gpu_hours < found.high
    words = "1 run of this configuration on cpu; start-up, checkpoints, evaluation, data measured"
    assert found.evidence == words


def test_what_was_not_measured_is_assumed_and_said_so(work):
    found = told(work(1e12, (TEST,)))
    assert found.evidence.startswith("assumption: 38 GFLOP/s a CPU thread; ")
    assert found.evidence.endswith("start-up, checkpoints, evaluation, data assumed")


def test_assumed_scoring_is_shared_by_the_threads_of_a_cpu(work):
    def hours(evaluation, **fields):
        return predict(work(1e15, evaluation, **fields), CPU, Evidence.of([])).gpu_hours

    scoring = [hours((TEST,), threads=n) - hours((), threads=n) for n in (1, 4)]
    assert scoring[0] == pytest.approx(4 * scoring[1])


def test_seconds_of_scoring_are_of_the_metrics_that_took_them(work, measured):
    run = measured(scored={TEST.key: 5.0})
    same, more = TEST._replace(metrics=("retrieval",)), TEST._replace(metrics=("zeroshot", "retrieval"))
    assert told(work(1e12, (same,)), run).evidence.endswith(
        "; evaluation measured and start-up, checkpoints, data assumed"
    )
    assert told(work(1e12, (more,)), run).evidence.endswith("; start-up, checkpoints, evaluation, data assumed")
    assert more.key == more._replace(metrics=("retrieval", "zeroshot")).key


def test_a_metric_that_trains_has_a_split_more_to_embed(work):
    plain, trains = ((told(work(1e15, sets)).gpu_hours) for sets in ((TEST,), (TEST._replace(trains=True),)))
    assert trains - plain == pytest.approx(10 * (plain - told(work(1e15)).gpu_hours))


def test_the_more_captions_the_longer_the_start(work, measured):
    runs = [measured(1e9, source="other")]
    few, many = told(work(unique_pairs=1000), *runs), told(work(unique_pairs=1_001_000), *runs)
    assert (many.gpu_hours - few.gpu_hours) * 3600 == pytest.approx(1e6 * TOKENISING)


def test_all_gpus_of_a_run_are_held_while_one_thing_is_done(work, measured):
    gpu = {"device": "a100-40", "gpus": 8, "threads": 4, "precision": "bf16"}
    run = measured(1e12, seconds=36.0, data=0.0, checkpoint=0.0, **gpu)
    assert told(work(8e12, **gpu), run, device=A100).gpu_hours == pytest.approx((8.0 + 8 * 36.0) / 3600)


def test_the_most_specific_evidence_is_used(work, measured):
    planned, known = work(strategy="flip"), []
    for words, fields in (
        ("1 run of another family on cpu", {"arch": "resnet_nano", "family": "resnet"}),
        ("1 run of this family on cpu", {"arch": "vit_pico"}),
        ("1 run of this architecture on cpu", {}),
        ("1 probe of this architecture and strategy on cpu", {"strategy": "flip", "threads": 1, "name": None}),
        ("1 run of this configuration on cpu", {"strategy": "flip"}),
    ):
        known.append(measured(**fields))
        assert told(planned, *known).evidence.startswith(words)
    known.append(measured(strategy="flip", name=None, unique_pairs=7))
    assert told(planned, *known).evidence.startswith("1 run and 1 probe of this configuration on cpu")
    assert told(planned, *known, device=CPU, without="r").evidence.startswith("1 probe of this configuration on cpu")


def test_neither_another_device_nor_another_precision_is_evidence(work, measured):
    gpu = {"device": "h100", "gpus": 1, "precision": "bf16"}
    known = [measured(), measured(**gpu | {"precision": "fp32"}), measured(**gpu | {"device": "a100-40"})]
    assert "published runs" in told(work(**gpu), *known, device=H100).evidence


def test_a_range_spans_what_was_seen_and_widens_as_evidence_gets_vaguer(work, measured):
    ranges = []
    for fields in ({}, {"strategy": "flip"}, {"arch": "vit_pico"}, {"arch": "resnet_nano", "family": "resnet"}):
        found = speed(work(), CPU, Evidence.of([measured(2e9, **fields)]).speed)
        assert found.value == 2e9
        ranges.append(found.high / found.low)
    assert ranges == sorted(ranges)
    spread = speed(work(), CPU, Evidence.of([measured(value) for value in (1e9, 2e9, 9e9)]).speed)
    assert (spread.low, spread.value, spread.high) == (1e9, 2e9, 9e9)


def test_published_runs_serve_where_nothing_was_measured(work):
    planned = work(flops=6e9 * 20.0 * 1000, device="a100-40", gpus=256, precision="bf16")
    found = speed(planned, A100, Evidence.of([]).speed)
    chip = Chip(A100, "bf16")
    mfu = published_model().mfu(20.0, 256, "vit", chip, chip)
    assert found.value == pytest.approx(mfu.value * 312e12)
    assert found.with_data  # so that a wait for data is not counted twice
    assert "data" not in told(planned, device=A100).evidence.split(";")[1]


def test_a_run_in_fp32_takes_longer_on_a_gpu_and_an_unknown_peak_widens_its_range(work):
    gpus = {"device": "h100", "gpus": 8}
    fast, slow = (told(work(1e18, **gpus, precision=p), device=H100) for p in ("bf16", "fp32"))
    assert slow.gpu_hours > 5 * fast.gpu_hours
    unknown = told(work(1e18, **gpus, precision="fp32"), device=replace(H100, tflops_fp32=None))
    assert unknown.high / unknown.low > 3 * slow.high / slow.low
    assert "its peak in fp32 assumed" in unknown.evidence


def test_samples_and_hours_are_inverse(work):
    found = speed(work(), CPU, Evidence.of([]).speed)
    samples = samples_for(2.0, 1e9, 2, CPU, found)
    assert samples * 1e9 / found.value / 2 == pytest.approx(2.0 * 3600)
