import re
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure as Canvas

from study.cli import main
from study.errors import StorageError
from study.fit.run import fit
from study.report import FIGURES
from study.report.canvas import draw
from study.report.render import render
from study.report.study import read_study

RECALL, OTHER = "text_retrieval_recall_at_5", "image_retrieval_recall_at_5"
SCRIPT = "<script>alert(1)</script>"
VOID = {"meta", "br", "input", "link"}


def scored(value, **fields):
    return {"scores": {RECALL: value, OTHER: value - 0.02}, **fields}


DRAWN = [name for name in FIGURES.names() if name != "quality_over_samples"]  # of six settings
ROWS = [
    scored(0.20, setting="a", unique_pairs=250),
    scored(0.30, setting="b", unique_pairs=500),
    *(scored(0.40 + 0.01 * seed, setting="c", seed=seed) for seed in range(3)),
    scored(0.50, setting="d", unique_pairs=500, quality="best 50 %", quality_share=0.5),
    scored(0.35, setting="e", arch="resnet_nano", family="resnet", train_flops=2e12, gpu_hours=0.2),
    scored(0.33, setting="f", strategy_label="flip(mask_ratio=0.5)", train_flops=6e11, gpu_hours=0.05),
    {"status": "diverged", "reason": f"loss is NaN {SCRIPT}", "gpu_hours": 0.01},
]
LONGER = [
    scored(0.40, setting="g", samples_seen=8192),
    scored(0.60, setting="h", samples_seen=8192, quality="best 50 %", quality_share=0.5),
]


@pytest.fixture(scope="module")
def six(study_writer, tmp_path_factory):
    """Three sizes and two qualities, two towers, two strategies; one setting with three seeds; one failed run."""
    results = tmp_path_factory.mktemp("six")
    study_writer(results, ROWS, description=f"A study of {SCRIPT}", grid="grids/little.yaml")
    fit(results, "little")
    return results


@pytest.fixture(scope="module")
def eight(study_writer, tmp_path_factory):
    """The six and both qualities for twice as long."""
    results = tmp_path_factory.mktemp("eight")
    study_writer(results, ROWS + LONGER)
    return results


@pytest.fixture(scope="module")
def shown(six, tmp_path_factory):
    """The path of the page of ``six``."""
    return render(six, "little", tmp_path_factory.mktemp("reports"))


class Page(HTMLParser):
    """The text of a page, and what a browser would load or run."""

    def __init__(self, path):
        super().__init__()
        self.open, self.words, self.links, self.scripts, self.ids = [], [], [], 0, []
        self.feed(path.read_text())
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[name] for name in ("src", "href", "xlink:href") if name in given]
        self.ids += [given["id"]] if "id" in given else []
        self.scripts += tag == "script" and "type" not in given  # one with a type holds data
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.words.append(data)


def page_of(results, out):
    return Page(render(results, "little", out))


@pytest.mark.parametrize("name", FIGURES.names())
def test_every_figure_draws_from_a_small_study(name, eight):
    figure, study = FIGURES.load(name), read_study(eight, "little")
    points = figure.points(study)
    drawing = draw(name, figure, study, points)
    assert drawing.file.startswith("<?xml")
    assert f'aria-label="{figure.title}"' in drawing.wide
    assert "var(--series-" in drawing.wide or "var(--quality-" in drawing.wide
    assert not re.search(r"#[0-9a-f]{6}", drawing.wide)  # every colour follows the theme
    assert drawing.narrow != drawing.wide
    assert figure.spread(study, points)


@pytest.mark.parametrize("name", FIGURES.names())
def test_no_figure_has_points_without_a_completed_run(name, results, write_study):
    write_study([{"status": "failed", "reason": "no such file"}])
    assert FIGURES.load(name).points(read_study(results, "little")).is_empty()


def test_the_page_says_first_what_a_reader_wants_first(shown):
    page = Page(shown)
    order = [
        "The best of 6 settings is vit_nano, trained with clip on 500 pairs (best 50 %) for 4,096 samples: 50.0 % "
        "image-to-text recall@5 on embedded/test (90 % interval 47.1 to 52.9 %, one seed, 47 to 53 times chance), at 6 "
        "min of CPU time a run.",
        "Error against training compute, by architecture",
        "Best image-to-text recall@5 on embedded/test for the cost",
        "What a score costs: the Pareto front",
        "runs completed 8 of 9",
        "8 completed, 1 diverged",
        "CPU-hours measured 0.86",
        "1.8 predicted for the whole plan",
        "Next is vit_nano, trained with clip on 1,000 pairs (unfiltered) for 4,096 samples: 41.0 %",
        "4 times as many unfiltered pairs raise the score from 20.0 % to 41.0 %, more than seeds differ",
        "500 pairs from the best 50 % instead of unfiltered raise the score from 30.0 % to 50.0 %",
        "Score against the size of the data, by quality",
        "Planned and measured cost",
        "What did not complete",
        "Judged by image-to-text recall@5",
    ]
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)


def test_every_figure_says_what_is_held_equal_and_what_its_spread_is(shown):
    text = Page(shown).text
    assert text.count("Held equal:") == len(DRAWN)
    assert (
        "Held equal: data pool embedded, strategy clip, architecture vit_nano, samples seen 4,096, batch size 128, "
        "image size 32 px, learning rate 0.001. Bars: ± 1 standard deviation over 3 seeds. "
        "6 points without a bar: one seed (n = 1)." in text
    )


def test_text_out_of_the_data_is_escaped(shown):
    page = Page(shown)
    assert page.scripts == 1  # the page's own
    assert f"loss is NaN {SCRIPT}" in page.text
    assert f"A study of {SCRIPT}" in page.text


def test_odd_names_are_drawn_as_they_are(results, write_study, tmp_path):
    write_study([scored(0.3, family="$x_1$ <b>&", arch="_hidden"), scored(0.4, train_flops=3e12, family=None)])
    svg = (render(results, "little", tmp_path / "reports").parent / "figures" / "error_over_flops.svg").read_text()
    assert "$x_1$ &lt;b&gt;&amp;" in svg


def test_errors_that_span_widely_are_drawn_on_an_axis_above_0(results, write_study):
    write_study([scored(1 - error, train_flops=flops) for error, flops in ((0.9, 1e12), (0.3, 2e12), (0.01, 4e12))])
    study, figure = read_study(results, "little"), FIGURES.load("error_over_flops")
    canvas = Canvas()
    figure.draw(study, figure.points(study), [canvas.subplots()])  # warnings are errors
    low, high = canvas.axes[0].get_ylim()
    assert 0.005 < low < 0.01 < 0.9 < high


def test_the_page_is_one_file_that_loads_nothing(shown):
    page = Page(shown)
    files = [link for link in page.links if not link.startswith("#")]
    assert all((shown.parent / link).is_file() for link in files)
    assert {link.split("/")[0] for link in files} == {"figures", "tables"}
    assert "url(http" not in shown.read_text()
    assert "@import" not in shown.read_text()
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_figures_and_tables_lie_beside_the_page(shown):
    folder = shown.parent
    assert sorted(path.stem for path in (folder / "figures").glob("*.svg")) == DRAWN
    names = [
        "comparison", "cost", "crossovers", "failures", "frontier", "laws", "left_out", "no_law", "runs", "settings",
        "skipped", "strategy_cost",
    ]  # fmt: skip
    assert sorted(path.stem for path in (folder / "tables").glob("*.csv")) == names
    assert sorted(path.stem for path in (folder / "tables").glob("*.tex")) == names
    frontier = (folder / "tables" / "frontier.csv").read_text().splitlines()
    assert [re.sub(r"(\.\d{4})\d+", r"\1", line) for line in frontier[:2]] == [
        "arch,score,low,high,n,strategy_label,quality,unique_pairs,samples_seen,train_flops,gpu_hours",
        "vit_nano,0.33,0.3008,0.3592,1,flip(mask_ratio=0.5),unfiltered,1000,4096,600000000000.0,0.05",
    ]
    failed = (folder / "tables" / "failures.tex").read_text()
    assert r"& loss is NaN <script>alert(1)</script> &" in failed


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "This study has no runs yet."),
        ([{"status": "failed", "reason": "no such file"}] * 2, "No run has completed yet: 2 failed."),
        ([{}], "1 run completed, but none has a score: image-to-text recall@5 on embedded/test."),
        ([scored(0.4)], "No other setting has a score to compare with."),
    ],
)
def test_a_study_with_little_to_show_gets_a_page_that_says_so(rows, sentence, results, write_study, tmp_path):
    write_study([{**row, "run_id": f"r{index}"} for index, row in enumerate(rows)])
    fit(results, "little")
    page = page_of(results, tmp_path / "reports")
    assert sentence in page.text
    assert "Nothing to draw yet: this figure needs" in page.text
    assert "completed 0" in page.text or rows != []


def test_laws_are_drawn_and_their_doubts_told(results, write_study, law_rows, tmp_path):
    flops = [1e12, 2e12, 4e12, 8e12, 1.6e13]
    write_study(law_rows(flops, noise=[1.01, 0.99, 1.02, 0.98, 1.0]) + law_rows(flops[:2], family="resnet"))
    fit(results, "little")
    text = page_of(results, tmp_path / "reports").text
    assert "Bands: 90 % prediction interval of a new run, dashed beyond the evidence. Provisional, see Laws." in text
    assert "2 distinct values of training FLOPs, 3 are needed" in text
    assert re.search(r"FLOPs, leaves 7\d % of the error \(90 % interval \d+ to \d+ %\)", text)


def test_a_study_not_collected_names_the_way_out(results, tmp_path):
    with pytest.raises(StorageError, match="make it with: study collect absent"):
        render(results, "absent", tmp_path)


def test_the_command_prints_the_page_last_and_the_same_study_gives_the_same_page(six, tmp_path, capsys):
    pages = []
    for out in (tmp_path / "once", tmp_path / "again"):
        assert main(["report", "little", "--results", str(six), "--out", str(out)]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == str(out / "little" / "index.html")
        pages.append((out / "little" / "index.html").read_text())
    assert pages[0] == pages[1]
    assert '<section id="planner" hidden>' in pages[0]
