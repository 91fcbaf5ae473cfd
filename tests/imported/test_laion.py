"""LAION's scaling-laws-openclip files."""

import polars as pl
import pytest

from study.imported.run import import_study
from tests.imported.layouts import LAION, LAION_INFO, laion_row

RUN = "laion/Model-B-32_Data-2B_Samples-3B_lr-1e-3_bs-88k"


def test_a_run_a_model_with_all_that_the_files_say(write_csv, results):
    scores = write_csv(
        "zeroshot_results.csv", LAION, laion_row(),
        laion_row(downstream_dataset="flickr30k", acc1="", acc5="", task="zeroshot_retrieval",
                  **{"image_retrieval_recall@5": "0.8", "text_retrieval_recall@5": "0.9"}),
        laion_row(downstream_dataset="vtab", gmacs="7.399999999999999"),
    )  # fmt: skip
    info = write_csv("trained_models_info.csv", LAION_INFO, {
        "name": "another_name_of_it", "arch": "ViT-B/32", "data": "2B", "samples_seen_pretty": "3B", "lr": "0.001",
        "gpus": "344", "samples_per_sec": "218174.3", "local_bs": "256",
    })  # fmt: skip
    found = import_study(results, "laion", [scores, info])
    run = found.runs.row(0, named=True)
    assert found.runs["run_id"].to_list() == [RUN]
    assert run["train_flops"] == pytest.approx(6e9 * 7.4 * 2560013280)
    assert (run["family"], run["strategy_label"], run["status"]) == ("vit", "clip", "completed")
    assert (run["lr"], run["n_gpus"], run["global_batch_size"]) == (0.001, 344, 344 * 256)
    assert run["gpu_hours"] == pytest.approx(2560013280 / 218174.3 * 344 / 3600)
    assert (run["params_m"], run["unique_pairs"], run["citation"]) == (151.28, 2_000_000_000, "arXiv:2212.07143")
    assert set(found.scores.select("dataset", "metric", "value").rows()) == {
        ("imagenet1k", "zeroshot_top1", 0.57), ("imagenet1k", "zeroshot_top5", 0.83),
        ("flickr30k", "image_retrieval_recall_at_5", 0.8), ("flickr30k", "text_retrieval_recall_at_5", 0.9),
        ("vtab", "zeroshot_top1", 0.57), ("vtab", "zeroshot_top5", 0.83),
    }  # fmt: skip


def test_models_of_one_name_are_told_apart_by_architecture(write_csv, results):
    rows = [
        laion_row(name="openai", arch=arch, gmacs=gmacs) for arch, gmacs in (("ViT-B-32", 7.4), ("ViT-B-16", 20.57))
    ]
    found = import_study(results, "laion", [write_csv("zeroshot_results.csv", LAION, *rows)])
    assert found.runs["run_id"].to_list() == ["laion/openai-ViT-B-32", "laion/openai-ViT-B-16"]


def test_facts_of_a_model_that_has_no_scores_are_left_out_and_named(write_csv, results):
    scores = write_csv("zeroshot_results.csv", LAION, laion_row())
    info = write_csv(
        "trained_models_info.csv", LAION_INFO, {"arch": "ViT-L/14", "data": "2B", "samples_seen_pretty": "13B"}
    )
    found = import_study(results, "laion", [scores, info])
    assert found.runs.height == 1
    assert found.notes == (f"{info}:2 is left out: 0 runs of the results are ViT-L-14 LAION-2B 13B",)


def test_points_inside_a_schedule_are_no_runs(write_csv, results):
    write_csv("all/zeroshot_results.csv", LAION, laion_row())
    curves = write_csv(
        "all/imagenet_zeroshot_learning_curves.csv",
        ("imagenet-zeroshot-val-top1", "imagenet-zeroshot-val-top5", "name", "epoch"),
        {"imagenet-zeroshot-val-top1": 0.1, "name": "x", "epoch": 1},
    )
    found = import_study(results, "laion", [curves.parent])
    assert (found.runs.height, found.scores.height) == (1, 2)
    assert "points inside a learning-rate schedule" in found.notes[0]


def test_sizes_come_from_the_profile_that_was_given(write_csv, results):
    profile = write_csv(
        "arch_info.csv", ("model", "gmacs", "mparams"), {"model": "ViT-B-32", "gmacs": 7, "mparams": 99}
    )
    found = import_study(results, "laion", [write_csv("a.csv", LAION, laion_row()), profile])
    assert found.runs["params_m"].to_list() == [99.0]
    assert found.runs.select(pl.col("gmacs_per_sample")).item() == 7.4  # the results say it themselves
