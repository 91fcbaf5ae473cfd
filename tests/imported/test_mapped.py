"""Any CSV with a mapping in YAML: units, constants, a row a run or a row a score, every mistake with its place."""

import pytest

from study.errors import DataError
from study.imported.near import doubts
from study.imported.run import import_study

COLUMNS = ("model", "n", "seed", "in1k", "how")
MAPPING = """\
title: Theirs
citation: a paper
columns:
  arch: model
  samples_seen: {column: n, times: 1e6}
  seed: seed
  strategy: {value: clip}
  quality_share: {value: 0.5}
metrics:
  - {dataset: imagenet1k, metric: zeroshot_top1, column: in1k, times: 0.01}
"""


@pytest.fixture
def mapped(tmp_path, write_csv, results):
    def run(*rows, mapping=MAPPING, columns=COLUMNS):
        path = tmp_path / "mapping.yaml"
        path.write_text(mapping)
        return import_study(results, "theirs", [write_csv("table.csv", columns, *rows)], mapping=path)

    return run


def test_units_constants_and_seeds(mapped):
    rows = [{"model": "ViT-B-32", "n": "12.8", "seed": seed, "in1k": 60 + seed} for seed in (0, 1)]
    found = mapped(*rows)
    first, second = found.runs.to_dicts()
    assert (first["samples_seen"], first["quality_share"], first["citation"]) == (12_800_000, 0.5, "a paper")
    assert (first["run_id"], first["source"], first["family"]) == ("theirs/ViT-B-32 12.8 0", "theirs", "vit")
    assert first["train_flops"] == pytest.approx(6e9 * first["gmacs_per_sample"] * 12.8e6)
    assert first["setting"] == second["setting"]  # repeats of one setting
    assert found.scores["value"].to_list() == pytest.approx([0.6, 0.61])


def test_one_row_a_score(mapped):
    metric = "{dataset: {column: set}, metric: {column: what}, column: v}"
    text = f"run: [model]\ncolumns: {{arch: model}}\nmetrics: [{metric}]\n"
    rows = [
        {"model": "a", "set": "x", "what": "zeroshot_top1", "v": 0.5},
        {"model": "a", "set": "y", "what": "zeroshot_top1", "v": ""},
        {"model": "b", "set": "x", "what": "zeroshot_top1", "v": 0.25},
    ]
    found = mapped(*rows, mapping=text, columns=("model", "set", "what", "v"))
    assert found.runs["run_id"].to_list() == ["theirs/a", "theirs/b"]
    assert found.scores["value"].to_list() == [0.5, 0.25]


def test_words_for_nothing_are_missing_and_other_text_is_refused(mapped):
    text = MAPPING + "missing: [pending]\n"
    rows = [{"model": "a", "n": "n/a", "in1k": "pending"}, {"model": "b", "n": 1, "in1k": "-"}]
    found = mapped(*rows, mapping=text)
    assert (found.runs["samples_seen"].to_list(), found.scores.height) == ([None, 10**6], 0)
    assert "no training FLOPs" in found.runs["note"][0]


def test_an_architecture_that_no_profile_knows_has_no_size(mapped):
    run = mapped({"model": "made-up", "n": 1, "in1k": 50}).runs.row(0, named=True)
    assert (run["params_m"], run["gmacs_per_sample"], run["train_flops"]) == (None, None, None)
    assert run["note"] == "no training FLOPs: multiply-adds a sample not stated"


def test_every_mistake_of_a_mapping_has_its_place(tmp_path, write_csv, refused):
    table, mapping = write_csv("table.csv", COLUMNS, {"model": "a"}), tmp_path / "m.yaml"
    mapping.write_text(
        "columns:\n"
        "  arch: [model]\n"
        "  sample_seen: n\n"
        "  lr: {column: n, times: -1}\n"
        "  seed: {column: n, value: 1}\n"
        "metrics: []\n"
        "mising: [x]\n"
    )
    said = refused(table, "--mapping", mapping).removeprefix("study: ").splitlines()
    assert said == [
        f"{mapping}:2:9: columns.arch: must be the name of a column, or a mapping such as {{value: 5}}, got a list",
        f"{mapping}:3:3: columns.sample_seen: unknown key; did you mean samples_seen?",
        f"{mapping}:4:26: columns.lr.times: must be greater than 0, got -1",
        f"{mapping}:5:9: columns.seed: give one of column: and value:",
        f"{mapping}:6:10: metrics: is empty; give at least one column of scores",
        f"{mapping}:7:1: mising: unknown key; did you mean missing?",
    ]


def test_columns_that_the_file_does_not_have_are_named_with_the_nearest(tmp_path, write_csv, refused):
    table, mapping = write_csv("table.csv", COLUMNS, {"model": "a"}), tmp_path / "m.yaml"
    mapping.write_text(MAPPING.replace("arch: model", "arch: modell").replace("column: in1k", "column: recall"))
    said = refused(table, "--mapping", mapping).removeprefix("study: ").splitlines()
    assert said == [
        f"{mapping}:4:9: columns.arch: {table} has no column 'modell'; did you mean 'model'?",
        f"{mapping}:10:58: metrics.0.column: {table} has no column 'recall'; its columns: model, n, seed, in1k, how",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"n": "many"}, "table.csv:2: column 'n': 'many' is not a number"),
        ({"n": "0"}, "table.csv:2: column 'n': '0' is no samples_seen: it must be a number greater than 0"),
        ({"n": "inf"}, "table.csv:2: column 'n': 'inf' is no samples_seen: it must be a number greater than 0"),
        ({"n": "0.0000015"}, "table.csv:2: column 'n': '0.0000015' is no samples_seen: it must be a whole number"),
        ({"n": "1e30"}, "table.csv:2: column 'n': '1e30' is no samples_seen: it must be at most 9.2e+18"),
        ({"in1k": "good"}, "table.csv:2: column 'in1k': 'good' is not a number"),
    ],
)
def test_a_cell_that_is_no_such_value_is_refused(tmp_path, write_csv, refused, row, said):
    mapping = tmp_path / "m.yaml"
    mapping.write_text(MAPPING)
    assert said in refused(write_csv("table.csv", COLUMNS, {"model": "a", **row}), "--mapping", mapping)


def test_a_share_above_1_is_refused(tmp_path, write_csv, refused):
    mapping = tmp_path / "m.yaml"
    mapping.write_text(MAPPING.replace("{value: 0.5}", "how"))
    said = refused(write_csv("table.csv", COLUMNS, {"model": "a", "how": 50}), "--mapping", mapping)
    assert "column 'how': '50' is no quality_share: a share is 0 to 1, 5 % is 0.05" in said


def test_percent_without_times_is_refused(tmp_path, write_csv, refused):
    mapping = tmp_path / "m.yaml"
    mapping.write_text(MAPPING.replace(", times: 0.01", ""))
    rows = [{"model": name, "in1k": score} for name, score in (("a", 63.2), ("b", 0.9), ("c", 71))]
    said = refused(write_csv("table.csv", COLUMNS, *rows), "--mapping", mapping)
    assert "column 'in1k': 2 of 3 scores are above 1, up to 71: percent? a score is 0 to 1" in said


def test_percent_is_refused_though_one_number_is_above_100(tmp_path, write_csv, refused):
    mapping = tmp_path / "m.yaml"
    mapping.write_text(MAPPING.replace(", times: 0.01", ""))
    rows = [{"model": name, "in1k": score} for name, score in (("a", 63.2), ("b", 101), ("c", 71))]
    assert "3 of 3 scores are above 1, up to 101: percent?" in refused(
        write_csv("table.csv", COLUMNS, *rows), "--mapping", mapping
    )


def test_comments_stand_above_the_header_and_a_row_named_by_a_hash_is_a_row(tmp_path, results):
    (tmp_path / "m.yaml").write_text("columns: {arch: model}\nmetrics: [{dataset: d, metric: m, column: top1}]\n")
    (tmp_path / "t.csv").write_text("# ours, 2024\n\nmodel,top1\n#1,0.5\n\n#2,0.6\n")
    found = import_study(results, "ours", [tmp_path / "t.csv"], mapping=tmp_path / "m.yaml")
    assert (found.runs["arch"].to_list(), found.scores["value"].to_list()) == (["#1", "#2"], [0.5, 0.6])


def test_a_wrong_score_is_told_once(tmp_path, write_csv, refused):
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns: {arch: model}\nmetrics:\n  - {dataset: 5, metric: m, column: in1k}\n  - x\n")
    assert refused(write_csv("table.csv", COLUMNS, {"model": "a"}), "--mapping", mapping).splitlines() == [
        f"study: {mapping}:3:15: metrics.0.dataset: must be a name, or {{column: ...}}, got 5",
        f"{mapping}:4:5: metrics.1: must be a mapping of settings, got 'x'",
    ]


def test_a_strategy_that_is_not_stated_leaves_flops_unknown(mapped):
    text = "columns: {arch: model, samples_seen: n}\nmetrics: [{dataset: d, metric: m, column: in1k}]\n"
    run = mapped({"model": "ViT-B-32", "n": "3B", "in1k": 0.5}, mapping=text).runs.row(0, named=True)
    assert (run["samples_seen"], run["train_flops"], run["strategy_label"]) == (3 * 10**9, None, None)
    assert run["note"].endswith("no training FLOPs: the strategy is not stated")


TOLD = "columns: {arch: model, strategy: how}\nmetrics: [{dataset: d, metric: m, column: in1k}]\n"


def test_runs_of_other_cells_are_other_runs(mapped):
    cells = [("a b", "c"), ("a", "b c"), ("a", ""), ("", "a"), ("a", '""')]
    found = mapped(*({"model": one, "how": other, "in1k": 0.5} for one, other in cells), mapping=TOLD)
    assert found.runs.height == 5
    assert found.runs["run_id"].to_list()[:2] == ['theirs/"a b" c', 'theirs/a "b c"']


def test_rows_that_nothing_names_are_runs_of_their_own_file(tmp_path, write_csv, results):
    (tmp_path / "m.yaml").write_text(
        "columns: {arch: {value: ViT-B-32}}\nmetrics: [{dataset: d, metric: m, column: x}]\n"
    )
    files = [write_csv(name, ("x", "y"), {"x": 0.5}) for name in ("one.csv", "two.csv", "deep/two.csv")]
    found = import_study(results, "theirs", files, mapping=tmp_path / "m.yaml")
    ids = [f"theirs/{title} row 2" for title in ("one", tmp_path / "two.csv", tmp_path / "deep/two.csv")]
    assert found.runs["run_id"].to_list() == ids


def test_a_unit_in_the_cell_and_times_are_one_too_many(mapped):
    with pytest.raises(DataError, match=r"column 'n': '10M' has a unit of its own, and times: 1e.06 is one more"):
        mapped({"model": "a", "n": "10M", "in1k": 60})


@pytest.mark.parametrize(
    ("strategy", "metric", "said"),
    [
        ("siglp", "zeroshot_topp1", ["metric 'zeroshot_topp1' is none of ours; did you mean 'zeroshot_top1'?",
                                     "strategy 'siglp' is none of ours; did you mean 'siglip'?"]),
        ("clipa", "zeroshot_top3", []),
        ("siglip", "image_retrieval_recall_at_20", []),
    ],
)  # fmt: skip
def test_a_near_miss_of_a_known_name_is_asked_about_and_kept(strategy, metric, said, mapped):
    text = MAPPING.replace("clip}", f"{strategy}}}").replace("zeroshot_top1", metric)
    found = mapped({"model": "a", "n": 1, "in1k": 60}, mapping=text)
    assert list(doubts(found.runs, found.scores, ["clip", "siglip"])) == said
    assert found.scores["metric"].to_list() == [metric]
