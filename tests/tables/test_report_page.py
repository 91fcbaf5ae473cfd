"""The page as a whole: what comes first, what its contents list, what a study with nothing or one run says."""

import gzip
import json
import re
from base64 import b64decode
from html.parser import HTMLParser

import pytest

from study import io
from study.report.axes import round_times
from study.report.provenance import provenance
from study.report.render import render
from study.report.study import read_study

RECALL = "text_retrieval_recall_at_5"
NASTY = '<script>alert(1)</script> & "x"'
RUNS = (None, "module", "text/javascript")  # types of scripts that a browser runs
MINUTE, SECOND = 1 / 60, 1 / 3600


class Page(HTMLParser):
    """What a reader sees and what a browser runs."""

    def __init__(self, path):
        super().__init__()
        self.words, self.ids, self.contents, self.run, self.spots, self.open = [], [], [], 0, [], []
        self.feed(path.read_text())
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.contents += [given["href"][1:]] if tag == "a" and "nav" in self.open else []
        self.run += tag == "script" and given.get("type") in RUNS
        self.open += [tag] if tag not in ("meta", "br", "input", "img") else []
        self.packed = tag == "script" and "data-spots" in given

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)
        elif self.packed:
            self.spots.append(json.loads(gzip.decompress(b64decode(data))))


@pytest.fixture
def page(results, write_study, tmp_path):
    """A function that renders a study of these rows."""

    def make(rows, **facts):
        write_study([{**row, "run_id": f"r{number}"} for number, row in enumerate(rows)], **facts)
        return Page(render(results, "little", tmp_path / "reports"))

    return make


def scored(score, **fields):
    return {"scores": {RECALL: score}, "setting": f"s{score}", **fields}


def test_the_answer_the_scaling_figure_and_the_frontier_come_before_all_else(page):
    rows = [scored(0.4), scored(0.5, family="resnet", arch="resnet_nano", train_flops=2e12)]
    shown = page(rows)
    order = ["scaling", "figure-error_over_flops", "frontier", "figure-frontier", "summary", "cost", "runs"]
    places = [shown.ids.index(name) for name in order]
    assert places == sorted(places)
    assert shown.text.index("The best of 2 settings") < shown.text.index("How the score scales")


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ([0.04, 0.05, 0.06], "3 seeds, 3 to 7 times chance)"),
        ([0.04, 0.0401, 0.0399], "3 seeds, 4 times chance)"),
        ([0.0, 0.02, 0.04], "3 seeds, chance is 1.0 %)"),
        ([0.04], "one seed, so without an interval, chance is 1.0 %)"),
    ],
)
def test_a_score_is_a_multiple_of_chance_as_far_as_its_interval_is(page, scores, told):
    assert told in page([scored(score, setting="one", seed=seed) for seed, score in enumerate(scores)]).text


def test_memory_measured_on_a_cpu_is_told_to_be_the_whole_process(page):
    told = "Memory measured on a CPU is the whole process's with its libraries"
    assert page([scored(0.4, device_kind="cpu", peak_memory_gib=0.94)]).text.count(told) == 2  # cost, and all runs
    assert told not in page([scored(0.4, device_kind="gpu", peak_memory_gib=0.94)]).text


def test_contents_list_what_has_something_to_show_and_nothing_else(page):
    shown = page([scored(0.4), scored(0.5, family="resnet", train_flops=2e12)])
    assert shown.contents == ["scaling", "frontier", "summary", "cost", "settings", "runs", "provenance"]
    assert set(shown.contents) <= set(shown.ids)
    failed = page([scored(0.4), {"status": "failed", "reason": "no such file"}])
    assert "failures" in failed.contents
    assert "scaling" not in failed.contents


def test_an_empty_study_has_a_page_that_says_so(page):
    shown = page([])
    assert "This study has no runs yet." in shown.text
    assert shown.contents == ["summary", "provenance"]
    assert "Nothing failed." in shown.text
    assert "strategies" not in shown.ids
    assert shown.spots == []


def test_a_study_of_one_run_claims_no_scaling(page):
    shown = page([scored(0.4)])
    assert "Nothing to draw yet: this figure needs runs with a score and counted FLOPs, of two" in shown.text
    assert "frontier" in shown.contents
    assert [len(spots["words"]) for spots in shown.spots] == [1, 1]  # the frontier, the cost
    assert "Not drawn: “Strategies, ranked”" not in shown.text  # a section without anything is left out


def test_text_out_of_the_data_is_shown_and_never_run(page):
    plain = page([scored(0.4), scored(0.3, status="completed")])
    rows = [
        scored(0.4, strategy_label=NASTY, family=NASTY, arch=NASTY, other_settings=NASTY, quality=NASTY),
        scored(0.3, strategy_label=NASTY + "2", train_flops=2e12, family="vit", quality=NASTY),
        {"status": "diverged", "reason": NASTY, "gpu": NASTY, "citation": NASTY},
    ]
    shown = page(rows, title=NASTY, description=NASTY, grid=NASTY)
    assert shown.run == plain.run
    assert shown.text.count(NASTY) > 8
    assert f"{NASTY} · {NASTY} · {NASTY}" in {words[0] for spots in shown.spots for words in spots["words"]}


def test_every_figure_that_is_drawn_has_its_files(page, tmp_path):
    page([scored(0.4), scored(0.5, family="resnet", train_flops=2e12)])
    folder = tmp_path / "reports" / "little" / "figures"
    drawn = {path.stem for path in folder.glob("*.svg")}
    assert drawn == {"error_over_flops", "frontier", "cost"}
    for name in drawn:
        header, *points = (folder / f"{name}.csv").read_text().splitlines()
        assert "arch" in header.split(",")
        assert len(points) == 2
        assert r"\midrule" in (folder / f"{name}.tex").read_text()


def test_provenance_tells_how_to_make_it_again(results, write_study):
    write_study(
        [
            scored(0.4, seed=0, finished="2026-03-04T05:06:07+00:00", threads=2, citation="A, B 2025"),
            scored(0.4, seed=1, finished="2026-03-04T07:00:00+00:00", threads=4),
            scored(0.4, seed=2, citation="C 2024"),
            scored(0.1, seed=100, purpose="tuning"),
        ],
        grid="grids/little.yaml",
        stamp={"grid": "0123456789abcdef", "program": "0.1.0 fedcba9876543210"},
        planned="2026-03-04T04:00:00+00:00",
    )
    told = dict(provenance(read_study(results, "little")))
    wanted = {
        "Grid": "grids/little.yaml (SHA-256 0123456789abcdef…)",
        "Made again by": "snakemake --cores all --config grid=grids/little.yaml; the page alone: study report little",
        "Planned": "2026-03-04 04:00 UTC",
        "Code": "version 0.1.0, source fedcba9876543210, when it was planned",
        "Citations": "A, B 2025; C 2024",
        "Machines": "a processor, 2 to 4 threads",
        "Seeds": "0 to 2; 100 in trials of learning rates",
        "Finished": "2026-03-04 05:06 UTC to 2026-03-04 07:00 UTC",
    }
    assert {name: told[name] for name in wanted} == wanted


def test_results_of_others_are_made_again_by_the_report_alone(results, write_study):
    folder = write_study([scored(0.4, finished="in spring")])
    io.write_json(folder / "plan.json", {})
    told = dict(provenance(read_study(results, "little")))
    assert told["Made again by"] == "study report little"
    assert told["Finished"] == "in spring"
    assert not {"Grid", "Code", "Planned"} & set(told)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.9 * MINUTE, 1.1, [MINUTE, 10 * MINUTE, 1]),
        (13 * SECOND, 58 * SECOND, [15 * SECOND, 20 * SECOND, 25 * SECOND, 30 * SECOND, 40 * SECOND, 50 * SECOND]),
        (700, 300_000, [1_000, 10_000, 100_000]),
        (4, 30, [5, 10, 20]),
    ],
)
def test_ticks_of_a_time_axis_are_round_and_few(low, high, ticks):
    assert round_times(low, high) == pytest.approx(ticks)


def test_the_page_has_a_light_print_without_buttons(page, tmp_path):
    page([scored(0.4)])
    style = (tmp_path / "reports" / "little" / "index.html").read_text()
    printed = re.findall(r"@media print \{(.*?)\n\}", style, re.DOTALL)
    assert any("nav, .theme, .files" in rules and "display: none" in rules for rules in printed)
    assert "@media print { :root, :root[data-theme] { color-scheme: light;" in style
    assert "prefers-reduced-motion" in style
