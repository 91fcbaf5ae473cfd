import polars as pl
import pytest

from study.report import words
from study.report.axes import round_ticks
from study.report.choice import largest_slice
from study.report.export import escape
from study.report.figure import held_equal, seeds
from study.report.palette import ALL, INK, MUTED, PAPER, QUALITIES, SERIES, Scale, Scales, with_variables


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("colour", [INK, MUTED, *SERIES, *QUALITIES], ids=lambda colour: colour.name)
def test_colours_are_readable_on_both_papers(colour, theme):
    bright, dim = sorted((luminance(getattr(colour, theme)), luminance(getattr(PAPER, theme))), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def test_each_light_colour_has_one_variable():
    assert len({colour.light for colour in ALL}) == len(ALL)
    assert with_variables(f"fill: {SERIES[0].light}") == "fill: var(--series-1)"


def test_the_same_thing_keeps_its_colour_when_another_run_fails():
    runs = pl.DataFrame(
        {"family": ["vit", "resnet"], "strategy_label": ["clip", "flip"], "quality": ["unfiltered", "best 50 %"],
         "quality_share": [1.0, 0.5], "status": ["completed", "failed"]}
    )  # fmt: skip
    scales = Scales.of(runs)
    assert scales.family.colours == {"resnet": SERIES[0].light, "vit": SERIES[1].light}
    assert list(scales.quality.colours) == ["unfiltered", "best 50 %"]


def test_more_values_than_colours_differ_by_marker():
    scale = Scale.of([f"q{index}" for index in range(6)], QUALITIES)
    looks = {(scale.colours[name], scale.markers[name]) for name in scale.colours}
    assert len(looks) == 6


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("text_retrieval_recall_at_5", "image-to-text recall@5"),
        ("image_retrieval_recall_at_10", "text-to-image recall@10"),
        ("zeroshot_top1", "zero-shot top-1"),
        ("zeroshot_mean_per_class_recall", "zero-shot mean per class recall"),
    ],
)
def test_metrics_in_words(metric, said):
    assert words.metric(metric) == said


def test_numbers_as_they_read():
    assert [words.power_of_ten(value) for value in (1e13, 2.44e12, None)] == ["10¹³", "2.4 × 10¹²", "–"]
    assert [words.duration(hours) for hours in (0.005, 0.2, 1.5, 2345.0, None)] == [
        "18 s",
        "12 min",
        "1.5 h",
        "2,345 h",
        "–",
    ]
    assert [words.count(value) for value in (16384, 12_800_000, 3.07e9, None)] == [
        "16,384",
        "12.8 million",
        "3.07 billion",
        "–",
    ]
    assert [words.points(value) for value in (0.0126, -0.02, -0.0001, None)] == ["+1.3", "−2.0", "0.0", "–"]
    assert [words.percent(value) for value in (0.4126, 1.0, None)] == ["41.3 %", "100.0 %", "–"]
    assert [words.number(value) for value in (0.06891, 229665.3, None)] == ["0.0689", "229,665", "–"]


@pytest.mark.parametrize(
    ("kinds", "unit"),
    [
        (["cpu"], "CPU-hours"),
        (["cuda", "cuda"], "GPU-hours"),
        (["cpu", "cuda"], "device-hours"),
        ([None], "device-hours"),
    ],
)
def test_hours_are_called_by_what_was_used(kinds, unit):
    assert words.hours_unit(pl.DataFrame({"device_kind": kinds}, schema={"device_kind": pl.String})) == unit


def test_held_equal_is_read_off_the_points():
    points = pl.DataFrame({"arch": ["a", "b"], "lr": [0.1, 0.1], "samples_seen": [1000, 4000], "quality": [None, None]})
    assert (
        held_equal(points, shown=("arch",))
        == "Held equal: learning rate 0.1. Not held equal: samples seen (1,000, 4,000)."
    )
    assert (
        held_equal(points, shown=("lr", "samples_seen")) == "Held equal: nothing. Not held equal: architecture (a, b)."
    )


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([1, 1], "Every point is one run (n = 1), so the spread between seeds is not known."),
        ([3, 3], "Bars: ± 1 standard deviation over 3 seeds."),
        ([1, 3], "Bars: ± 1 standard deviation over 3 seeds. 1 point without a bar: one seed (n = 1)."),
        ([1, 2, 5], "Bars: ± 1 standard deviation over 2 to 5 seeds. 1 point without a bar: one seed (n = 1)."),
    ],
)
def test_the_number_of_seeds_is_told(counts, said):
    assert seeds(pl.DataFrame({"n": counts})) == said


def test_the_largest_comparable_part_is_chosen():
    table = pl.DataFrame(
        {"arch": ["a", "a", "b", "b", "b"], "quality": [None] * 5, "pairs": [1, 2, 1, 1, 1], "n": [1, 1, 5, 5, 5]},
        schema_overrides={"quality": pl.String},
    )
    assert largest_slice(table, ("arch", "quality"), ("pairs",))["arch"].to_list() == ["a", "a"]


def test_latex_shows_text_as_it_is():
    assert escape(r"a_b & 50 % \x {1} #$") == r"a\_b \& 50 \% \textbackslash x \{1\} \#\$"
    assert escape("2 × 10¹³ ± –") == r"2 $\times$ 10$^{1}$$^{3}$ $\pm$ --"
    assert escape("[a]\n\nlr 1 → 2 …") == r"{[}a]  lr 1 $\to$ 2 \dots{}"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1.1e12, 4.8e12, [1.5e12, 2e12, 3e12]),
        (6e11, 3e12, [7e11, 1e12, 1.5e12, 2e12, 3e12]),
        (1e11, 1e13, [1e11, 1e12, 1e13]),
        (1e9, 1e20, [1e9, 1e11, 1e13, 1e15, 1e17, 1e19]),
    ],
)
def test_ticks_of_a_logarithmic_axis_are_round_and_few(low, high, ticks):
    assert round_ticks(low, high) == pytest.approx(ticks)


def test_ten_strategies_have_ten_marks():
    scale = Scale.of([f"strategy {n}" for n in range(10)], SERIES)
    assert len({(scale.colours[name], scale.markers[name]) for name in scale.colours}) == 10
