"""``study import``: what it refuses, that it writes whole or not at all, and what works on what it wrote."""

import json
from pathlib import Path

import pytest

from study.cli import main
from study.io import read_json, read_parquet, write_parquet
from study.summary.opened import known_studies
from tests.imported.layouts import LAION, evaluation, laion_row


def test_the_same_score_twice_with_two_values_is_refused(write_json, refused):
    one = write_json("one.json", evaluation())
    other = write_json("other.json", evaluation(metrics={"acc1": 0.67}))
    assert refused(one, other) == (
        f"study: {other}: zeroshot_top1 on imagenet1k of run 'ViT-B-32/laion2b_s34b_b79k' is 0.67, and 0.66 in {one}; "
        "keep one, or tell the runs apart\n"
    )


def test_two_rows_of_a_run_that_contradict_are_refused(write_csv, refused):
    file = write_csv("z.csv", LAION, laion_row(), laion_row(downstream_dataset="vtab", samples_seen="3e9"))
    run = "Model-B-32_Data-2B_Samples-3B_lr-1e-3_bs-88k"
    assert refused(file) == (
        f"study: {file}:3: samples_seen of run '{run}' is 3000000000, and 2560013280 in {file}:2; "
        "the two rows contradict\n"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("a,b\n", "the file has a header and no rows"),
        ("a,b\n1,2,3\n", ":2: 3 cells where the header has 2"),
        ("a,a\n1,2\n", ":1: column 'a' stands twice"),
        ("a;b\n1;2\n", ":1: not CSV: one column, 'a;b'; its columns seem to be parted by semicolons"),
        ('a,b\n"1,2\n', "not CSV"),
        ("{oh", ":1:2: not JSON"),
        ("[1, 2]", "these JSON keys are those of no known format"),
        ("x,y\n1,2\n", "no known format has these columns: x, y; say which is what with --mapping"),
        ("name,pretrained,Imagenet 1k\na,b,1\n", "it lacks the columns 'ImageNet 1k' (there is 'Imagenet 1k')"),
    ],
)
def test_what_is_no_results_file_is_refused(tmp_path, refused, content, said):
    path = tmp_path / "file.csv"
    path.write_text(content)
    assert said in refused(path)


def test_binary_missing_and_foreign_files_are_refused(tmp_path, write_csv, refused):
    (tmp_path / "a.csv").write_bytes(b"PK\x03\x04\xff\xfe")
    assert "not a text file" in refused(tmp_path / "a.csv")
    assert "cannot be read: No such file" in refused(tmp_path / "none.csv")
    assert "it lacks the columns" in refused("open_clip", write_csv("z.csv", LAION, laion_row()))
    (tmp_path / "empty").mkdir()
    assert "no CSV or JSON file with results there" in refused(tmp_path / "empty")


def test_mappings_and_formats_go_together_or_are_refused(tmp_path, write_csv, refused):
    file = write_csv("z.csv", LAION, laion_row())
    assert "format csv needs a mapping" in refused("csv", file)
    assert "format laion takes no mapping" in refused("laion", file, "--mapping", tmp_path / "m.yaml")
    assert "no such file" in refused(file, "--mapping", tmp_path / "m.yaml")


def test_a_study_that_was_not_imported_is_never_replaced(results, write_csv, capsys):
    file = write_csv("z.csv", LAION, laion_row())
    (results / "mine").mkdir(parents=True)
    (results / "mine" / "plan.parquet").write_text("precious")
    (results / "file").write_text("no folder")
    for name, said in (
        ("mine", "is a study that was not imported"),
        ("runs", "no name for a study"),
        ("published", "no name for a study"),
        ("compare", "no name for a study"),
        ("claims", "no name for a study"),
        ("file", "is a study that was not imported"),
        ("../x", "no name"),
    ):
        assert main(["import", str(file), "--name", name, "--results", str(results)]) == 2
        assert said in capsys.readouterr().err
    assert (results / "mine" / "plan.parquet").read_text() == "precious"


def test_a_second_import_replaces_the_first_and_its_laws(results, write_csv):
    arguments = ["--name", "theirs", "--results", str(results)]
    assert main(["import", str(write_csv("z.csv", LAION, laion_row())), *arguments]) == 0
    write_parquet(results / "theirs" / "laws.parquet", read_parquet(results / "theirs" / "runs.parquet"))
    assert main(["import", str(write_csv("z.csv", LAION, laion_row(acc1="0.6"))), *arguments]) == 0
    assert sorted(path.name for path in results.rglob("*")) == [
        "evaluation.json",
        "plan.json",
        "runs.parquet",
        "scores.parquet",
        "theirs",
    ]
    assert read_parquet(results / "theirs" / "scores.parquet")["value"].to_list() == [0.6, 0.83]


def test_a_dry_run_checks_and_writes_nothing(results, write_csv, capsys):
    file = write_csv("z.csv", LAION, laion_row())
    assert main(["import", str(file), "--name", "theirs", "--results", str(results), "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["runs"], said["scores"], said["notes"]) == ("laion", 1, 2, [])
    assert not results.exists()


def test_a_folder_is_searched_and_what_is_foreign_in_it_is_named(results, write_json, tmp_path, capsys):
    write_json("out/a.json", evaluation())
    write_json("out/deep/b.json", evaluation(dataset="cars"))
    write_json("out/package.json", {"name": "x"})
    (tmp_path / "out" / "cut.json").write_text('{"dataset": "food101", "metr')
    assert main(["import", str(tmp_path / "out"), "--name", "ours", "--results", str(results)]) == 0
    said = capsys.readouterr().out
    assert "ours: 1 run(s), 6 score(s), read as clip_benchmark" in said
    assert "package.json is left out: it is no file of format clip_benchmark" in said
    assert "cut.json is left out: " in said
    assert "not JSON: Unterminated string" in said
    assert read_json(results / "ours" / "plan.json")["imported"]["runs"] == 1


def test_fit_report_and_lookup_work_on_an_imported_study(results, write_csv, tmp_path, capsys):
    rows = [
        laion_row(arch=arch, gmacs=gmacs, samples_seen=samples, name=f"Model-{arch}-{samples}",
                  acc1=round(1 - 12 * (gmacs * samples) ** -0.1, 4))
        for arch, gmacs in (("ViT-B-32", 7.4), ("ViT-B-16", 20.57), ("ViT-L-14", 87.73))
        for samples in (3e9, 13e9, 34e9)
    ]  # fmt: skip
    where = ["--results", str(results)]
    assert main(["import", str(write_csv("z.csv", LAION, *rows)), "--name", "theirs", *where]) == 0
    assert main(["fit", "theirs", *where]) == 0
    assert main(["report", "theirs", "--out", str(tmp_path / "reports"), *where]) == 0
    assert main(["lookup", "--study", "theirs", "--budget", "1e22", *where]) == 0
    page = (tmp_path / "reports" / "theirs" / "index.html").read_text()
    assert "Reproducible scaling laws" in page
    assert "arXiv:2212.07143" in page
    laws = read_parquet(results / "theirs" / "laws.parquet").drop_nulls("coefficients")
    assert laws.height > 0


def test_a_study_is_judged_by_what_most_of_its_runs_have_and_by_imagenet_before_others(results, write_csv):
    rows = [
        laion_row(name=name, downstream_dataset=dataset)
        for name in ("Model-a", "Model-b")
        for dataset in ("cars", "imagenet1k", *(["vtab"] if name == "Model-a" else []))
    ]
    assert main(["import", str(write_csv("z.csv", LAION, *rows)), "--name", "theirs", "--results", str(results)]) == 0
    sets = read_json(results / "theirs" / "evaluation.json")["sets"]
    assert [entry["name"] for entry in sets] == ["imagenet1k", "cars", "vtab"]


def theirs(results, write_csv, **changes):
    file = write_csv("z.csv", LAION, laion_row(**changes))
    return main(["import", str(file), "--name", "theirs", "--results", str(results)])


def test_an_import_cut_short_while_it_replaces_leaves_the_study_that_was_there(results, write_csv, monkeypatch):
    theirs(results, write_csv)
    rename = Path.replace

    def cut(self, target):
        if target == results / "theirs" and (self / "runs.parquet").exists() and self.name != "old":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    assert theirs(results, write_csv, acc1="0.6") != 0
    assert read_parquet(results / "theirs" / "scores.parquet")["value"].to_list() == [0.57, 0.83]
    assert [path.name for path in results.iterdir()] == ["theirs"]


def test_what_a_killed_import_had_set_aside_comes_back_with_the_next_one(results, write_csv):
    theirs(results, write_csv)
    (results / ".theirs.imported" / "new").mkdir(parents=True)
    (results / "theirs").rename(results / ".theirs.imported" / "old")
    assert known_studies(results) == ["published"]  # what is set aside is no study
    assert theirs(results, write_csv, acc1="many") == 2
    assert read_parquet(results / "theirs" / "scores.parquet")["value"].to_list() == [0.57, 0.83]
    assert [path.name for path in results.iterdir()] == ["theirs"]


def test_a_near_miss_is_asked_about_on_stderr_and_is_no_error(results, write_csv, tmp_path, capsys):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("columns: {arch: a, strategy: s}\nmetrics: [{dataset: x, metric: zeroshot_top1, column: v}]\n")
    file = write_csv("table.csv", ("a", "s", "v"), {"a": "one", "s": "siglp", "v": 0.5})
    given = ["import", str(file), "--mapping", str(mapping), "--name", "theirs", "--results", str(results)]
    assert main(given) == 0
    assert capsys.readouterr().err == "study: strategy 'siglp' is none of ours; did you mean 'siglip'?\n"
