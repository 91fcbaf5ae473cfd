"""clip-benchmark's JSON files and its CSV."""

import pytest

from study.imported.run import import_study
from tests.imported.layouts import BENCHMARK, evaluation


def test_one_json_file_an_evaluation_makes_one_run_a_model(write_json, results):
    files = [
        write_json("a.json", evaluation()),
        write_json("b.json", evaluation(dataset="wds/mscoco_captions", task="zeroshot_retrieval", metrics={
            "image_retrieval_recall@5": 0.65, "text_retrieval_recall@5": 0.79})),
        write_json("c.json", evaluation(pretrained="laion400m_e32")),
    ]  # fmt: skip
    found = import_study(results, "ours", files)
    first, second = found.runs.to_dicts()
    assert (found.format, first["run_id"]) == ("clip_benchmark", "ours/ViT-B-32/laion2b_s34b_b79k")
    assert (first["pretrain_data"], first["samples_seen"], first["global_batch_size"]) == (
        "LAION-2B",
        34 * 10**9,
        79000,
    )
    assert first["train_flops"] == pytest.approx(6e9 * 7.39 * 34e9, rel=1e-3)
    assert "rounded" in first["note"]
    assert second["samples_seen"] == 32 * 407_332_084
    assert (
        "ours/ViT-B-32/laion2b_s34b_b79k",
        "mscoco_captions",
        "text_retrieval_recall_at_5",
        0.79,
    ) in found.scores.select("run_id", "dataset", "metric", "value").rows()


def test_the_csv_of_build_says_the_same(write_json, write_csv, results):
    row = {**evaluation()["metrics"], "dataset": "imagenet1k", "model": "ViT-B-32", "pretrained": "laion2b_s34b_b79k",
           "task": "zeroshot_classification", "model_fullname": "ViT-B-32 laion2b_s34b_b79k"}  # fmt: skip
    of_csv = import_study(results, "ours", [write_csv("benchmark.csv", BENCHMARK, row)])
    of_json = import_study(results, "ours", [write_json("a.json", evaluation())])
    assert of_csv.scores.equals(of_json.scores)
    assert of_csv.runs.equals(of_json.runs)


def test_languages_and_shots_are_other_scores_and_not_contradictions(write_json, results):
    probe = {"lp_acc1": 0.7, "weight_decay": 0.1, "epochs": 10, "seed": 0, "normalized": True}
    files = [
        write_json("en.json", evaluation()),
        write_json("ar.json", evaluation(language="ar", metrics={"acc1": 0.2})),
        write_json("all.json", evaluation(task="linear_probe", metrics=probe | {"fewshot_k": -1})),
        write_json("few.json", evaluation(task="linear_probe", metrics=probe | {"fewshot_k": 10, "lp_acc1": 0.5})),
    ]
    scores = dict(
        ((dataset, metric), value)
        for dataset, metric, value in import_study(results, "ours", files)
        .scores.select("dataset", "metric", "value")
        .rows()
    )
    assert scores["imagenet1k", "zeroshot_top1"] == 0.66
    assert scores["imagenet1k/ar", "zeroshot_top1"] == 0.2
    assert scores["imagenet1k", "linear_probe_top1"] == 0.7
    assert scores["imagenet1k", "linear_probe_top1_10_shot"] == 0.5


def test_what_is_no_score_is_left_out_and_counted(write_json, results):
    file = write_json("a.json", evaluation(task="captioning", metrics={"CIDEr": 1.2, "acc1": 0.5}))
    found = import_study(results, "ours", [file])
    assert found.scores["metric"].to_list() == ["zeroshot_top1"]
    assert found.notes == ("'CIDEr' is left out, 1 times: it is no score from 0 to 1 that is known here",)


@pytest.mark.parametrize(
    ("arch", "weights", "data", "samples"),
    [
        ("ViT-B-16", "datacomp_xl_s13b_b90k", ("CommonPool-xl", "datacomp"), 13 * 10**9),
        ("ViT-B-32", "commonpool_m_clip_s128m_b4k", ("CommonPool-m", "clip"), 128 * 10**6),
        ("ViT-B-32", "commonpool_s_s13m_b4k", ("CommonPool-s", "none"), 13 * 10**6),
        ("ViT-B-32", "openai", ("CLIP-WIT", None), None),
        ("convnext_large_d_320", "laion2b_s29b_b131k_ft_soup", ("laion2b_s29b_b131k_ft_soup", None), None),
        ("ViT-B-32", "laion400m_e31", ("laion400m_e31", None), None),
        ("made-up", "/data/mine.pt", ("/data/mine.pt", None), None),
    ],
)
def test_the_name_of_the_weights_tells_data_and_samples_or_nothing(write_json, results, arch, weights, data, samples):
    run = import_study(results, "ours", [write_json("a.json", evaluation(model=arch, pretrained=weights))]).runs
    assert run.select("pretrain_data", "quality", "samples_seen").row(0) == (*data, samples)
    assert (run["train_flops"].item() is None) == (samples is None)


def test_a_tower_that_was_trained_before_has_no_training_flops(write_json, results):
    file = write_json("a.json", evaluation(model="EVA01-g-14", pretrained="laion400m_s11b_b41k"))
    run = import_study(results, "ours", [file]).runs.row(0, named=True)
    assert (run["train_flops"], run["family"]) == (None, "other")
    assert "no training FLOPs: a tower was trained before: EVA" in run["note"]


@pytest.mark.parametrize(
    "text",
    [
        '{"acc1": ' + "1" * 5000 + "}",
        "[" * 100_000,
        '{"dataset": "\\ud800", "model": "a", "pretrained": "b", "task": "t", "metrics": {"acc1": 0.5}}',
    ],
    ids=["digits", "brackets", "half a character"],
)
def test_json_that_no_program_can_read_is_refused(tmp_path, refused, text):
    (tmp_path / "a.json").write_text(text)
    assert "a.json: not JSON that can be read: " in refused(tmp_path / "a.json")


def test_a_score_of_hundreds_of_digits_is_marked_like_any_that_is_no_share(write_json, results):
    found = import_study(results, "ours", [write_json("a.json", evaluation(metrics={"acc1": 10**400, "acc5": 0.9}))])
    assert found.scores["metric"].to_list() == ["zeroshot_top5"]
    assert "is inf, which is no score" in found.runs["evaluation_note"][0]
