"""The list of all reports: made from the cards beside the pages, naming what is not in order."""

import json
import shutil
from html import unescape

import polars as pl
import pytest

from study import io
from study.cli import main
from study.records import PLAN_COLUMNS, schema
from study.report.index import note_problem, write_index
from study.report.render import render
from study.summary.planned import not_run

RECALL = "text_retrieval_recall_at_5"
NASTY = '<script>alert(1)</script> & "x"'


def rows(*scores, **fields):
    return [{"scores": {RECALL: score}, "setting": f"s{number}", **fields} for number, score in enumerate(scores)]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "reports"


def text_of(page):
    return unescape(page.read_text())


def test_a_study_is_listed_with_its_answer_runs_score_cost_date_and_picture(results, write_study, out):
    write_study(
        [
            *rows(0.4, 0.42, setting="one", finished="2026-03-04T05:06:07+00:00"),
            {"status": "failed", "reason": "no such file"},
        ]
    )
    render(results, "little", out)
    text = text_of(out / "index.html")
    for words in (
        'href="little/index.html"', "The little study", "The only setting with a score is vit_nano",
        "2 completed, 1 failed", "41.0 %", "90 % interval 34.7 to 47.3 % (2 seeds)", "CPU-hours measured",
        "<time>2026-03-04</time>", 'src="data:image/png;base64,',
    ):  # fmt: skip
        assert words in text
    assert 'id="wrong"' not in text


def test_all_reports_of_the_folder_are_listed_the_newest_first_without_reading_a_study_again(results, write_study, out):
    write_study(rows(0.4, finished="2026-01-01T00:00:00+00:00"), name="old")
    write_study(rows(0.5, finished="2026-02-02T00:00:00+00:00"), name="new")
    write_study(rows(0.5), name="undated")
    for name in ("undated", "old", "new"):
        render(results, name, out)
    shutil.rmtree(results)
    (out / "index.html").unlink()
    text = text_of(write_index(out))
    places = [text.index(f'<h2><a href="{name}/index.html">') for name in ("new", "old", "undated")]
    assert places == sorted(places)


def test_a_picture_is_made_of_a_figure_whose_legend_is_larger_than_it(results, write_study, out):
    names = [f"strategy_{number}(with=a long setting, and=another)" for number in range(9)]
    write_study(
        [*(rows(0.4 + place / 100, strategy_label=name)[0] | {"setting": name} for place, name in enumerate(names))]
    )
    render(results, "little", out)  # a layout that fails is a warning, and that an error
    assert json.loads((out / "little" / "report.json").read_text())["picture"].startswith("data:image/png;base64,")


def test_comparisons_are_listed_beside_studies(results, write_study, out):
    for name in ("one", "other"):
        write_study(rows(0.4, 0.5, setting="same", arch=f"vit_{name}"), name=name)
    render(results, "one", out)
    main(["compare", "one", "other", "--ignore", "arch", "--results", str(results), "--out", str(out)])
    text = text_of(out / "index.html")
    assert '<h2><a href="compare/one-vs-other/index.html">one and other, compared</a></h2>' in text
    assert '<h2><a href="one/index.html">The one study</a></h2>' in text


def test_text_out_of_the_data_is_escaped(results, write_study, out):
    write_study(rows(0.4, strategy_label=NASTY), title=NASTY)
    render(results, "little", out)
    text = (out / "index.html").read_text()
    assert "<script>alert(1)" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;x&#34;") == 2  # title, answer


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "report.json").write_text("{"), "report.json is not valid JSON"),
        (lambda folder: (folder / "report.json").unlink(), "report.json is missing beside the page"),
        (lambda folder: (folder / "index.html").unlink(), "index.html is missing; render the page again"),
        (lambda folder: io.write_json(folder / "report.json", {"kind": "x"}), "report.json is damaged (study: Field"),
    ],
)
def test_a_damaged_report_is_named_with_what_is_wrong(harm, said, results, write_study, out):
    for name in ("sound", "harmed"):
        write_study(rows(0.4), name=name)
        render(results, name, out)
    harm(out / "harmed")
    text = text_of(write_index(out))
    wrong = text[text.index('id="wrong"') :]
    assert "harmed" in wrong
    assert said in wrong
    assert "The sound study" in text[: text.index('id="wrong"')]


def test_a_card_whose_picture_is_no_picture_is_not_shown(results, write_study, out):
    write_study(rows(0.4))
    render(results, "little", out)
    card = out / "little" / "report.json"
    io.write_json(card, json.loads(card.read_text()) | {"picture": "https://example.org/x.png"})
    text = text_of(write_index(out))
    assert "example.org" not in text
    assert "is damaged (picture:" in text


def test_a_file_of_the_same_name_that_is_not_ours_stays(results, write_study, out):
    out.mkdir()
    (out / "index.html").write_text("my own page")
    write_study(rows(0.4))
    render(results, "little", out)
    assert (out / "index.html").read_text() == "my own page"
    assert write_index(out) is None


def test_an_empty_folder_has_an_index_that_says_so(out):
    out.mkdir()
    assert "No report lies in this folder yet." in text_of(write_index(out))


def test_a_problem_replaces_no_page_but_is_told(results, write_study, out):
    write_study(rows(0.4))
    page = render(results, "little", out)
    note_problem(out, "little", "runs.parquet is damaged")
    text = text_of(write_index(out))
    assert page.exists()
    assert "runs.parquet is damaged" in text[text.index('id="wrong"') :]


def test_the_command_renders_every_study_and_names_those_it_cannot(results, write_study, out, capsys):
    write_study(rows(0.4), name="sound")
    (write_study(rows(0.4), name="broken") / "scores.parquet").write_bytes(b"no table")
    plan(results, "next")
    assert main(["report", "--all", "--results", str(results), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(out / "index.html")
    assert "study: broken: " in said.err
    text = text_of(out / "index.html")
    ready, wrong = text.split('id="wrong"')
    ready, planned = ready.split('id="planned"')
    assert "run it: snakemake --cores all --config grid=grids/next.yaml" in planned
    assert "next" not in wrong
    assert 'href="sound/index.html"' in ready
    assert 'href="published/index.html"' in ready
    assert "scores.parquet is not a readable parquet file" in wrong


def plan(results, name, **facts):
    table = pl.DataFrame([{"run_id": "r1"}], schema=schema(PLAN_COLUMNS))
    io.write_parquet(results / name / "plan.parquet", table)
    io.write_json(results / name / "plan.json", {"grid": f"grids/{name}.yaml", **facts})
    io.write_json(results / "runs/r1/spec.json", {})


def test_an_estimate_waits_for_its_data(results):
    table = pl.DataFrame([{"run_id": None}], schema=schema(PLAN_COLUMNS))
    io.write_parquet(results / "next/plan.parquet", table)
    io.write_json(results / "next/plan.json", {"grid": "grids/next.yaml", "estimate": True})
    said = "planned as an estimate; with its data here, run it: snakemake --cores all --config grid=grids/next.yaml"
    assert not_run(results, "next") == said


def test_a_study_waits_until_one_of_its_runs_began(results):
    assert not_run(results, "next") is None
    plan(results, "next")
    said = "planned, not run yet; run it: snakemake --cores all --config grid=grids/next.yaml"
    assert not_run(results, "next") == said
    io.write_json(results / "runs/r1/outcome.json", {})
    assert not_run(results, "next") is None


def test_the_command_wants_a_name_or_all(results, capsys):
    for arguments, said in (
        (["report"], "NAME --all is required"),
        (["report", "little", "--all"], "not allowed with"),
    ):
        assert main([*arguments, "--results", str(results)]) == 2
        assert said in capsys.readouterr().err
