"""The tables of a page: what is in it as rows, what is packed, what is downloaded, and what is marked."""

import base64
import gzip
import io
import json
import re

import polars as pl
import pytest

from study.fit.run import fit
from study.report import words
from study.report.export import exported, latex
from study.report.packed import packed
from study.report.render import render
from study.report.study import read_study
from study.report.table import FIRST, LONG, table
from study.report.tables import by_setting, failures, runs

RECALL = "text_retrieval_recall_at_5"
NASTY = '</script><b>"x" & y, 50 %_\\'
COLUMNS = (("name", "name", words.text), ("score", "score", words.percent), ("n", "seeds", words.count))


def unpacked(text):
    return gzip.decompress(base64.b64decode(text)).decode()


def made(rows, **options):
    data = pl.DataFrame(
        {"name": [f"run {row}" for row in range(rows)], "score": [(row * 7 % rows) / rows for row in range(rows)],
         "n": [3] * rows}
    )  # fmt: skip
    return table("made", "Made", "Means.", COLUMNS, data, **options)


def columns(some):
    return json.loads(some.columns)


def test_what_is_packed_is_what_the_rows_say():
    some = made(LONG + 50)
    texts = [[column["words"][place] for place in column["at"]] for column in columns(some)]
    assert some.is_long
    assert len(some.rows) == FIRST
    assert [[cell.text for cell in row] for row in some.rows] == [list(row) for row in zip(*texts, strict=True)][:FIRST]
    assert [row[1].key for row in some.rows] == columns(some)[1]["at"][:FIRST]
    assert len(texts[0]) == some.height == some.data.height


def test_keys_sort_as_the_values_do_and_missing_ones_have_none():
    data = pl.DataFrame({"name": list("abcde"), "score": [0.3, None, 0.1, float("nan"), 0.3], "n": [10, 9, 100, 1, 2]})
    some = table("made", "Made", "", COLUMNS, data)
    assert some.keys == [None, [1, None, 0, None, 1], [3, 2, 4, 0, 1]]
    assert some.texts[1] == ["30.0 %", "–", "10.0 %", "NaN", "30.0 %"]
    assert not some.is_long
    assert len(some.rows) == 5


def test_what_is_packed_of_a_column_has_its_numbers_in_rising_order_and_then_what_is_missing():
    data = pl.DataFrame({"name": ["b", "a", "b", "c"], "score": [0.3, None, 0.1, float("nan")], "n": [1, 2, 3, 4]})
    assert columns(table("made", "Made", "", COLUMNS, data))[:2] == [
        {"words": ["b", "a", "c"], "keyed": 0, "at": [0, 1, 0, 2]},
        {"words": ["10.0 %", "30.0 %", "–", "NaN"], "keyed": 2, "at": [1, 2, 0, 3]},
    ]


def test_what_is_the_same_in_all_rows_is_said_once_and_kept_in_the_csv():
    some = made(4, folded=True)
    assert (list(some.heads), some.note) == (["name", "score"], "Means. The same in all rows: seeds 3.")
    assert some.data.columns == ["name", "score", "n"]
    assert list(made(2, folded=True).heads) == ["name", "score", "seeds"]


def test_sentences_may_break_lines_and_numbers_stand_to_the_right():
    data = pl.DataFrame({"name": ["short", "a reason that is as long as a sentence"], "score": [0.1, 0.2], "n": [1, 2]})
    assert table("made", "Made", "", COLUMNS, data).kinds == ["words", "number", "number"]


def test_csv_and_latex_say_the_same_as_the_table():
    data = pl.DataFrame({"name": [NASTY, "b"], "score": [0.1 + 0.2, None], "n": [1, 12_800_000]})
    some = table("made", "Made", "", COLUMNS, data)
    files = exported([some])
    assert pl.read_csv(io.StringIO(files["tables/made.csv"])).equals(data.with_columns(score=pl.Series([0.3, None])))
    lines = files["tables/made.tex"].splitlines()
    assert lines[0] == r"\begin{tabular}{lrr}"
    assert lines[4:6] == [
        r'</script><b>"x" \& y, 50 \%\_\textbackslash  & 30.0 \% & 1 \\',
        r"b & -- & 12.8 million \\",
    ]
    assert len(latex(made(LONG + 1)).splitlines()) == FIRST + 7
    assert "% the first 100 of 201 rows; the CSV file has all" in latex(made(LONG + 1))
    assert latex(some) == files["tables/made.tex"]


def test_ten_thousand_rows_are_few_rows_of_html_and_few_bytes(results, write_study, tmp_path):
    rows = [
        {
            "status": "planned",
            "arch": f"tower_{row % 9}",
            "samples_seen": 1000 + row,
            "seed": row % 3,
            "gpu_hours": None,
        }
        for row in range(10_000)
    ]
    write_study(rows)
    page = render(results, "little", tmp_path).read_text()
    assert page.count("<tr") < 3 * FIRST
    assert len(page) < 1_000_000
    assert "The first 100 of 10,000 rows; the CSV file has all of them." in page
    texts = [json.loads(unpacked(found)) for found in re.findall(r"data-rows>([^<]+)<", page)]
    assert [len(one[0]["at"]) for one in texts] == [10_000, 10_000]  # all runs, and those that did not complete


def test_the_page_holds_the_files_that_lie_beside_it(results, write_study, tmp_path):
    write_study([{"scores": {RECALL: 0.3}}, {"status": "failed", "reason": NASTY}])
    fit(results, "little")
    page = render(results, "little", tmp_path)
    held = dict(re.findall(r'data-file="([^"]+)">([^<]+)<', page.read_text()))
    beside = {str(path.relative_to(page.parent)) for path in page.parent.rglob("*.*")} - {"index.html"}
    assert {path for path in beside if path.startswith(("tables/", "figures/"))} == set(held)
    assert {path: unpacked(text) for path, text in held.items()} == {
        path: (page.parent / path).read_text() for path in held
    }
    links = set(re.findall(r'href="([^"]+)" download', page.read_text()))
    assert links <= set(held)
    assert {"tables/runs.csv", "tables/runs.tex"} <= links


def test_the_same_text_is_packed_the_same_way():
    assert packed(NASTY) == packed(NASTY)
    assert unpacked(packed(NASTY)) == NASTY


def test_a_score_that_is_no_number_is_marked_and_counts_nowhere(results, write_study, tmp_path):
    write_study([{"scores": {RECALL: float("nan")}}, {"scores": {RECALL: 0.4}}, {}, {"purpose": "tuning"}])
    study = read_study(results, "little")
    assert by_setting(study).data["score"].to_list() == [0.4]
    assert failures(study).data.select("run_id", "status", "why").rows() == [
        ("r0", "completed", "image-to-text recall@5 on embedded/test is not a number"),
        ("r2", "completed", "image-to-text recall@5 on embedded/test is missing"),
    ]
    scores = dict(zip(runs(study).heads, runs(study).texts, strict=True))["image-to-text recall@5"]
    assert scores == ["NaN", "40.0 %", "–", "–"]
    assert "is not a number" in render(results, "little", tmp_path).read_text()


def test_a_failed_run_is_a_row_with_its_reason(results, write_study):
    write_study(
        [{"status": "out_of_memory", "reason": "CUDA out of memory"}, {"status": "diverged"}, {"status": "planned"}]
    )
    found = failures(read_study(results, "little"))
    assert found.data.select("status", "why").rows() == [
        ("diverged", "no reason was given"),
        ("out_of_memory", "CUDA out of memory"),
        ("planned", "no reason was given"),
    ]


@pytest.mark.parametrize("rows", [[], [{"scores": {RECALL: 0.4}}]], ids=["no run", "one run"])
def test_a_study_of_no_or_one_run_has_its_tables(rows, results, write_study, tmp_path):
    write_study(rows)
    fit(results, "little")
    folder = render(results, "little", tmp_path).parent / "tables"
    heights = {path.stem: pl.read_csv(path).height if path.read_text().strip() else 0 for path in folder.glob("*.csv")}
    assert heights["runs"] == heights["settings"] == len(rows)
    assert heights["laws"] == heights["crossovers"] == 0
    assert (heights["no_law"] > 0) == bool(rows)


def test_text_in_a_long_table_ends_no_script(results, write_study, tmp_path):
    write_study([{"status": "failed", "reason": f"{NASTY} {row}"} for row in range(LONG + 1)])
    page = render(results, "little", tmp_path).read_text()
    assert NASTY not in page
    assert "&lt;/script&gt;" in page
    assert page.count("</script>") == page.count("<script")
