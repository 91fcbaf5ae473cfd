"""open_clip's tables of results, with and without its profile."""

import pytest

from study.imported.run import import_study
from tests.imported.layouts import OPEN_CLIP

ROW = {
    "name": "ViT-B-32", "pretrained": "laion2b_s34b_b79k", "params (M)": 151.28, "FLOPs (B)": 14.78,
    "Average perf. on 38 datasets": 0.5694, "ImageNet 1k": 0.6656, "Caltech-101": 0.91, "Flickr": 0.7544, "FMoW": "",
}  # fmt: skip


def test_columns_become_data_sets_with_the_metric_of_each(write_csv, results):
    found = import_study(results, "zoo", [write_csv("openclip_results.csv", OPEN_CLIP, ROW)])
    run = found.runs.row(0, named=True)
    assert (found.format, run["run_id"], run["source"]) == ("open_clip", "zoo/ViT-B-32/laion2b_s34b_b79k", "openclip")
    assert (run["params_m"], run["gmacs_per_sample"]) == (151.28, 7.39)
    assert run["train_flops"] == pytest.approx(6e9 * 7.39 * 34e9)
    assert found.scores.select("dataset", "metric", "value").rows() == [
        ("datacomp_38_avg", "mean", 0.5694), ("imagenet1k", "zeroshot_top1", 0.6656),
        ("vtab/caltech101", "zeroshot_mean_per_class", 0.91), ("flickr30k", "mean_recall_at_1", 0.7544),
    ]  # fmt: skip


def test_the_older_table_has_no_sizes_and_takes_them_from_the_profile(write_csv, results):
    columns = [column for column in OPEN_CLIP if column not in ("params (M)", "FLOPs (B)")]
    rows = [{name: ROW[name] for name in columns} | {"name": arch} for arch in ("ViT-B-32", "mine", "coca_ViT-B-32")]
    profile = write_csv(
        "model_profile.csv", ("model", "mparams", "gflops"), {"model": "mine", "mparams": 5, "gflops": 3}
    )
    found = import_study(results, "zoo", [write_csv("openclip_results.csv", columns, *rows), profile])
    sizes = dict(zip(found.runs["arch"], found.runs.select("params_m", "gmacs_per_sample").rows(), strict=True))
    assert sizes["ViT-B-32"] == pytest.approx((151.28, 7.39), rel=1e-3)
    assert sizes["mine"] == (5.0, 1.5)
    assert sizes["coca_ViT-B-32"] == (None, None)  # two towers are not all of it


@pytest.mark.parametrize("size", ["nan", "0", "-5", "inf"])
def test_a_profile_without_a_size_is_refused(write_csv, refused, size):
    row = {"model": "mine", "mparams": 5, "gflops": size}
    profile = write_csv("model_profile.csv", ("model", "mparams", "gflops"), row)
    assert f"model_profile.csv:2: gflops is {size}; it must be a number greater than 0" in refused(
        write_csv("a.csv", OPEN_CLIP, ROW), profile
    )


def test_the_retrieval_table_adds_to_the_same_runs_and_equal_scores_stand_once(write_csv, results):
    columns = ("name", "pretrained", "Average score", "MSCOCO image retr. R@1", "MSCOCO text retr. R@10")
    more = {"name": "ViT-B-32", "pretrained": "laion2b_s34b_b79k", "Average score": 0.67,
            "MSCOCO image retr. R@1": 0.39, "MSCOCO text retr. R@10": 0.9}  # fmt: skip
    files = [write_csv("a.csv", OPEN_CLIP, ROW), write_csv("b.csv", columns, more), write_csv("c.csv", OPEN_CLIP, ROW)]
    found = import_study(results, "zoo", files)
    assert (found.runs.height, found.repeated) == (1, 4)
    assert ("mscoco_captions", "text_retrieval_recall_at_10", 0.9) in found.scores.select(
        "dataset", "metric", "value"
    ).rows()
    assert found.notes == (f"{files[1]}: columns left out: Average score",)


def test_a_score_out_of_its_range_is_missing_and_marked_in_its_run(write_csv, results):
    broken = ROW | {"name": "ViT-B-16", "Average perf. on 38 datasets": "030282.63", "FMoW": "nan"}
    file = write_csv("a.csv", OPEN_CLIP, ROW, broken)
    found = import_study(results, "zoo", [file])
    marked = found.runs.row(1, named=True)
    assert (found.marked, found.scores.height, marked["status"]) == (1, 7, "completed")
    assert marked["evaluation_note"] == (
        f"mean on datacomp_38_avg is 30282.6, which is no score from 0 to 1 ({file}:3); "
        f"top1_of_worst_region on wilds/fmow is NaN ({file}:3)"
    )
