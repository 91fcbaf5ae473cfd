"""The command and the page."""

import json
import re

import polars as pl
import pytest

from study.cli import main

NASTY = "<script>alert('x')</script> & \"y\""


@pytest.fixture
def command(results, tmp_path, capsys):
    """A function that runs ``study compare`` and gives its exit code, what it printed, and what it complained of."""

    def call(*arguments):
        code = main(["compare", *arguments, "--results", str(results), "--out", str(tmp_path / "out")])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def two(write, noisy):
    """Two studies with a change in one setting."""
    write("old", noisy(1))
    return write("new", noisy(2, change={2: 0.15}))


def test_the_short_answer_comes_first(command, two):
    code, out, _ = command("old", "new")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "A is old (6 settings, 24 runs); B is new (6 settings, 24 runs)."
    assert lines[1] == (
        "Image-to-text recall@5 on embedded/test, 6 settings in both: beyond the spread 1 higher and 0 lower in B, "
        "5 not told apart."
    )
    assert "Cost of a run in B over A: samples/s × 1.00, hours × 1.00, memory × 1.00." in lines
    assert any(line.startswith("vit_nano · 2,000 pairs") and line.rstrip().endswith("higher") for line in lines)
    assert lines[-1].endswith("out/compare/old-vs-new/index.html")


def test_exit_codes(command, two):
    assert command("old", "new")[0] == 0
    assert command("old", "new", "--fail-on-change")[0] == 1
    for wrong, told in (
        (("old", "old"), "the same study"),
        (("old", f"{two.parent}/old"), "the same study"),
        (("old", "nwe"), "did you mean new"),
        (("old", f"{two.parent}/nowhere"), "holds no runs.parquet"),
        (("old", "new", "--dataset", "embedded/tset"), "did you mean embedded/test"),
        (("old", "new", "--metric", "accuracy"), "unknown metric 'accuracy'"),
        (("old", "published"), "no setting in common"),
    ):
        code, out, err = command(*wrong)
        assert (code, out) == (2, "")
        assert told in err


def test_nothing_changed_is_exit_0_for_ci(command, write, noisy):
    write("old", noisy(1))
    write("new", noisy(1))
    code, out, _ = command("old", "new", "--fail-on-change")
    assert code == 0
    assert "6 identical run by run" in out


def test_studies_without_a_score_in_common_are_told(command, write, runs):
    write("old", runs([0.1]))
    write("failed", runs([None, None]))
    write("elsewhere", runs([0.1]), dataset="imagenet1k")
    assert "failed has no score: none of its 2 runs was evaluated" in command("old", "failed")[2]
    assert "share no data set and metric" in command("old", "elsewhere")[2]


def test_json_is_the_full_thing(command, two):
    code, out, _ = command("old", "new", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["matched"], told["tests"], told["changed"], len(told["settings"])) == (6, 7, True, 6)
    assert told["measures"] == [{"dataset": "embedded/test", "metric": "text_retrieval_recall_at_5"}]
    assert told["a"]["name"] == "old"
    assert told["answer"][0].startswith("Image-to-text")
    assert {"overall", "costs", "statuses", "laws", "winners", "unmatched", "provenance"} <= set(told)


def test_a_score_that_is_no_number_is_no_json(command, write, runs):
    write("old", runs([0.1, 0.2]))
    write("new", runs([float("nan"), 0.2]))
    json.loads(command("old", "new", "--json")[1], parse_constant=lambda text: pytest.fail(text))


def test_the_page_holds_all_of_it(command, two, tmp_path):
    command("old", "new")
    folder = tmp_path / "out/compare/old-vs-new"
    page = (folder / "index.html").read_text()
    assert "beyond the spread 1 higher and 0 lower in B" in page
    assert not re.search(r'(src|href)="(?!#|figures/|tables/)', page)
    for name in ("figures/differences.svg", "figures/scores.svg", "figures/measures.svg", "tables/settings.csv"):
        assert (folder / name).stat().st_size
    rows = pl.read_csv(folder / "tables/settings.csv")
    assert rows.height == 6
    assert rows["verdict"].to_list().count("higher") == 1


def test_flops_are_flagged_loudly(command, write, runs, tmp_path):
    write("old", runs([0.1, 0.2]))
    write("new", runs([0.1, 0.3], train_flops=1.05e12))
    told = "Training FLOPs were counted otherwise for 1 matched setting, in B 1.05 times those in A: the model or the"
    assert told in command("old", "new")[1]
    assert f'role="note"><strong>{told}' in (tmp_path / "out/compare/old-vs-new/index.html").read_text()
    write("new", runs([0.1, 0.2], train_flops=1.0002e12))
    assert "in B 1.0002 times those in A: their scores are identical, so it was the counter" in command("old", "new")[1]


def test_text_from_data_is_escaped(command, write, runs, tmp_path):
    rows = [*runs([0.1, 0.2], arch=NASTY), *runs([0.1, 0.3], arch="vit_pico")]
    write("old", rows)
    write("new", [{**row, "status": "failed", "reason": NASTY} if row["seed"] else row for row in rows])
    command("old", "new")
    page = (tmp_path / "out/compare/old-vs-new/index.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_folder_of_another_place_is_told_from_a_study_of_its_name(command, write, noisy, tmp_path):
    write("old", noisy(1))
    (tmp_path / "elsewhere").mkdir()
    write("new", noisy(2)).rename(tmp_path / "elsewhere/old")
    code, out, _ = command("old", str(tmp_path / "elsewhere/old"))
    assert code == 0
    assert f"B is old in {tmp_path}/elsewhere (6 settings" in out
    assert "out/compare/old-vs-old/index.html" in out


def test_two_studies_of_the_same_runs_have_a_sentence_and_no_empty_boxes(command, part_of_published, tmp_path):
    part_of_published("old")
    part_of_published("new")
    code, out, _ = command("old", "new")
    assert code == 0
    assert "nothing to test: all their runs are the same" in out
    assert "B - A, points" not in out
    page = (tmp_path / "out/compare/old-vs-new/index.html").read_text()
    assert page.count('<p class="empty">') == 1
    assert "Nothing was tested, and nothing is to be shown of: scores, data sets," in page
    assert set(re.findall(r'href="#(\w+)"', page)) == set(re.findall(r'<section id="(\w+)"', page))
