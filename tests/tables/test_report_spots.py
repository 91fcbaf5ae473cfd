"""What hover.js is told: where the points of a figure are, and the words said there."""

import json
import re

import matplotlib as mpl
import polars as pl
import pytest
from matplotlib.figure import Figure as Canvas

from study.report import FIGURES
from study.report.canvas import draw
from study.report.labels import Label, name_points
from study.report.marks import MANY
from study.report.spots import said
from study.report.study import read_study

RECALL, OTHER = "text_retrieval_recall_at_5", "image_retrieval_recall_at_5"
NASTY = '<script>alert(1)</script> & "x"'
USE = re.compile(r'<use [^>]*x="([\d.]+)" y="([\d.]+)"')
OUTLINE = re.compile(r'<path d="([^"]*)"')


def marks_of(svg):
    """The middles of all marks, whether drawn as copies or as outlines."""
    used = [(float(x), float(y)) for x, y in USE.findall(svg)]
    numbers = ([float(number) for number in re.findall(r"-?[\d.]+", d)] for d in OUTLINE.findall(svg))
    ends = [(line[::2], line[1::2]) for line in numbers]
    return used + [((min(x) + max(x)) / 2, (min(y) + max(y)) / 2) for x, y in ends]


def row(setting, score, **fields):
    return {"setting": setting, "scores": {RECALL: score, OTHER: score - 0.02}, **fields}


@pytest.fixture
def drawn(results, write_study):
    """A function that draws a figure of a study of these rows."""

    def make(name, rows):
        write_study(rows)
        figure, study = FIGURES.load(name), read_study(results, "little")
        points = figure.points(study)
        return points, draw(name, figure, study, points)

    return make


ROWS = [
    row("a", 0.20, unique_pairs=250),
    row("b", 0.30, unique_pairs=500),
    *(row("c", 0.40 + 0.01 * seed, seed=seed) for seed in range(3)),
    row("d", 0.50, unique_pairs=500, quality="best 50 %", quality_share=0.5),
    row("e", 0.35, arch="resnet_nano", family="resnet", train_flops=2e12, gpu_hours=0.2),
    row("f", 0.33, strategy_label="flip(mask_ratio=0.5)", train_flops=6e11, gpu_hours=0.05),
    row("g", 0.45, samples_seen=8192, train_flops=2e12, gpu_hours=0.2),
    row("h", 0.60, samples_seen=8192, quality="best 50 %", quality_share=0.5, train_flops=2e12, gpu_hours=0.2),
]


@pytest.mark.parametrize("width", ["wide", "narrow"])
@pytest.mark.parametrize("name", FIGURES.names())
def test_each_spot_is_where_a_mark_was_drawn(name, width, drawn):
    points, drawing = drawn(name, ROWS)
    spots = json.loads(drawing.spots)
    marks = marks_of(getattr(drawing, width))
    assert len(spots["words"]) == len(spots[width]) == points.height
    for x, y in spots[width]:
        assert min(abs(x - left) + abs(y - top) for left, top in marks) < 0.2


def test_a_setting_in_words():
    setting = {
        "arch": "vit_nano", "strategy_label": "clip", "quality": "best 50 %", "score": 0.168, "sd": 0.007, "n": 3,
        "unique_pairs": 3687, "samples_seen": 18432, "global_batch_size": 128, "train_flops": 1.5e12,
        "gpu_hours": 0.5, "other_settings": "warmup=0.2",
    }  # fmt: skip
    assert said(setting) == [
        "vit_nano · clip · best 50 %",
        "16.8 % ± 0.7 (3 seeds)",
        "3,687 pairs, 18,432 samples seen, batch 128",
        "1.5 × 10¹² FLOPs, 30 min",
        "warmup=0.2",
    ]


def test_what_is_not_known_is_not_said():
    assert said({"arch": "vit_nano", "quality": None, "score": 0.1, "sd": None, "n": 1, "train_flops": None}) == [
        "vit_nano",
        "10.0 % (one seed)",
    ]


def test_a_run_is_told_with_its_id_and_both_of_its_costs():
    told = said({"arch": "vit_nano", "run_id": "r1", "seed": 2, "gpu_hours": 0.5, "predicted_gpu_hours": 1.0})
    assert told == ["vit_nano", "r1, seed 2", "30 min measured, 1 h predicted"]


def test_words_out_of_the_data_are_kept_as_they_are(drawn):
    _, drawing = drawn("frontier", [row("a", 0.2, strategy_label=NASTY)])
    assert json.loads(drawing.spots)["words"][0][0] == f"vit_nano · {NASTY} · unfiltered"


def test_many_marks_become_a_picture_and_words_stay_text(drawn):
    rows = [row(f"s{index}", 0.3 + index / 1e5, gpu_hours=0.1 + index / 1e4) for index in range(MANY + 1)]
    few, many = drawn("cost", rows[:100])[1], drawn("cost", rows)[1]
    assert "<image" not in few.wide
    assert "<image" in many.wide
    assert len(many.wide) < len(few.wide)
    assert "predicted CPU time of a run</text>" in many.wide
    assert len(json.loads(many.spots)["wide"]) == MANY + 1


def named(points, others=()):
    """The labels that were written, with the offsets that say on which side."""
    canvas = Canvas(figsize=(4, 3))
    ax = canvas.subplots()
    ax.set(xlim=(0, 10), ylim=(0, 10))
    with mpl.rc_context():
        name_points(ax, points, [*points, *others])
    return {text.get_text(): text.get_position() for text in ax.texts}


def test_a_name_stands_right_of_its_point_where_nothing_is():
    assert named([Label(5, 5, "alone")]) == {"alone": (7, 0)}


def test_a_name_moves_aside_for_a_point_and_for_another_name():
    beside = named([Label(5, 5, "one")], others=[Label(5.5, 5, "")])
    assert beside["one"][0] < 0
    two = named([Label(5, 5, "first"), Label(5.2, 5.2, "second")])
    assert two["first"] != two["second"]


def test_a_name_without_a_free_place_is_left_out():
    crowd = [Label(5 + x / 4, 5 + y / 4, "") for x in range(-9, 10) for y in range(-4, 5) if x or y]
    assert named([Label(5, 5, "hidden")], crowd) == {}


def test_no_name_leaves_the_picture():
    left = named([Label(10, 5, "a name of some length")])
    assert left["a name of some length"][0] <= 0


def test_the_points_table_of_a_figure_leads_back_to_its_runs(results, write_study, tmp_path):
    from study.report.render import render

    write_study(ROWS)
    folder = render(results, "little", tmp_path).parent / "figures"
    points = pl.read_csv(folder / "frontier.csv")
    several = points.filter(pl.col("n") == 3).row(0, named=True)
    assert several["run_ids"] == "r2 r3 r4"
    assert several["seeds"] == "0 1 2"
    assert (folder / "frontier.tex").read_text().startswith("\\begin{tabular}")
