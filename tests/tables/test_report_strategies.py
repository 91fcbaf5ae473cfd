"""What the report says of strategies that are compared: the section, its tables, its figure, its sentences."""

import polars as pl
import pytest

from study import io
from study.report import frontier
from study.report.answer import headline
from study.report.canvas import NARROW, WIDE, draw
from study.report.compared import FIGURE, points
from study.report.ranking import ranking
from study.report.render import render
from study.report.study import read_study
from study.report.tables import frontier as frontier_table

RECALL = "text_retrieval_recall_at_5"
TUNED = "lr {} of 3 tried, by embedded/validation"


def seeds(label, values, samples, flops, lr=0.001, **fields):
    """Runs of one strategy at one budget, a seed a value."""
    common = {
        "strategy_label": label,
        "samples_seen": samples,
        "train_flops": flops,
        "lr": lr,
        "n_gpus": 1,
        "threads": 1,
    }
    return [
        {**common, "setting": f"{label}-{samples}", "seed": seed, "tuned": TUNED.format(lr), "scores": {RECALL: value},
         **fields}
        for seed, value in enumerate(values)
    ]  # fmt: skip


PLAIN = seeds("plain", [0.30, 0.32, 0.31], 8192, 2e12, train_hours=0.1, step_time_ms=100.0, data_wait_ms=2.0)
HALF = seeds("half(keep=0.5)", [0.27, 0.293, 0.281], 8192, 1e12, lr=0.003, train_hours=0.06)
HALF_LONG = seeds("half(keep=0.5)", [0.33, 0.349, 0.341], 16384, 2e12, lr=0.003, train_hours=0.12)
TWICE = seeds("twice", [0.31, 0.315, 0.33], 8192, 4e12, train_hours=0.25)
TRIALS = [
    {**PLAIN[0], "setting": f"trial{lr}", "samples_seen": 4096, "lr": lr, "tuned": None, "purpose": "tuning"}
    for lr in (0.001, 0.003)
]
ROWS = [*PLAIN, *HALF, *HALF_LONG, *TWICE, *TRIALS]


@pytest.fixture
def study(results, write_study):
    """A function that gives the study of these runs."""

    def make(rows, **facts):
        write_study(rows, **facts)
        return read_study(results, "little")

    return make


def test_the_sentences_say_who_leads_what_is_told_apart_and_how_rates_were_chosen(study):
    # half - plain: -.03, -.027, -.029, so mean -.0287, sd .00153; twice - plain: .01, -.005, .02, t = 1.15;
    # twice - half: .04, .022, .049, t = 4.67, p = .043, times 2 for two tests: below .1, so only plain may be as good
    assert list(ranking(study(ROWS))) == [
        "At equal samples seen (8,192), twice leads with 31.8 %, before plain with 31.0 %; 1 other may be as good. "
        "Against plain, paired by 3 seeds and with 90 % intervals, half(keep=0.5) (−2.9 points, −3.1 to −2.6) is "
        "worse; twice is not told apart.",
        "At equal training FLOPs (2.0 × 10¹²), half(keep=0.5) leads with 34.0 %, ahead of all others by more than "
        "seeds differ. Against plain, paired by 3 seeds and with 90 % intervals, half(keep=0.5) (+3.0 points, +2.8 to "
        "+3.2) is better.",
        "Each learning rate was tuned: the best of 3 tried, by embedded/validation.",
    ]


def test_the_headline_says_who_leads_at_equal_samples_and_at_equal_flops_with_ties(study):
    assert headline(study(ROWS)).endswith(
        " a run. At equal samples seen (8,192), twice leads with 31.8 % and is not told apart from plain; at equal "
        "training FLOPs (2.0 × 10¹²), half(keep=0.5) leads with 34.0 %, told apart from all others."
    )
    alone = headline(study([row for row in ROWS if row["seed"] == 0]))
    assert " leads with " not in alone  # one seed tells nobody from others
    assert alone.endswith("a run.")


def test_the_headline_of_other_studies_counts_ties(study):
    rivals = [{**row, "arch": "vit_pico", "setting": "pico"} for row in PLAIN]
    assert headline(study(PLAIN + rivals)).endswith("a run; 1 other setting cannot be told from it.")
    assert "cannot be told" not in headline(study(PLAIN))


def test_the_front_is_over_flops_where_less_than_half_state_hours(study):
    rows = [
        {**seeds("plain", [score], 8192, flops)[0], "setting": name, "gpu_hours": hours}
        for name, score, flops, hours in (("a", 0.3, 1e12, 0.1), ("b", 0.5, 2e12, None), ("c", 0.4, 4e12, None))
    ]
    few, half = study(rows), study(rows[:2])
    table = frontier.points(few)
    assert table.select("setting", "on_front").rows() == [("a", True), ("b", True), ("c", False)]
    assert "training FLOPs of a run" in draw("frontier", frontier.FIGURE, few, table).wide
    said = "By training FLOPs, which 3 of 3 settings state: less than half (1) state hours."
    assert frontier.FIGURE.spread(few, table).endswith(said)
    assert frontier_table(few).note.endswith(said)
    assert frontier.points(study(rows[:2]))["setting"].to_list() == ["a"]
    assert "measured CPU time of a run" in draw("frontier", frontier.FIGURE, half, frontier.points(half)).wide


def test_the_grid_names_the_baseline(study):
    assert "Against half(keep=0.5), paired by 3 seeds" in " ".join(ranking(study(ROWS, baseline="half(keep=0.5)")))
    assert study(ROWS).baseline == "plain"


def test_an_absent_baseline_leaves_the_ranks(study):
    found = study(ROWS, baseline="absent")
    assert "Against" not in " ".join(ranking(found))
    assert "the baseline" not in FIGURE.spread(found, points(found))
    assert found.strategy_cost["flop_ratio"].null_count() == 3


@pytest.mark.parametrize(
    ("untuned", "sentence"),
    [
        (("plain", "half(keep=0.5)", "twice"), "Learning rates were not tuned for each strategy: a difference may be "
         "one of learning rates."),
        (("twice",), "Each learning rate was tuned: the best of 3 tried, by embedded/validation, but for twice."),
    ],
)  # fmt: skip
def test_learning_rates_that_were_not_tuned_are_told(untuned, sentence, study):
    rows = [{**row, "tuned": None if row["strategy_label"] in untuned else row["tuned"]} for row in ROWS]
    assert list(ranking(study(rows)))[-1] == sentence


def test_one_seed_tells_no_difference(study):
    found = study([row for row in ROWS if row["seed"] == 0])
    assert next(ranking(found)) == (
        "At equal samples seen (8,192), twice has 31.0 % and plain has 30.0 %; with fewer than two seeds in common, it "
        "is not known whether that differs."
    )
    assert FIGURE.spread(found, points(found)) == (
        "Every dot is one run (n = 1), so which differences are more than chance is not known. "
        "Diamond and dotted line: plain, the baseline."
    )


def test_groups_on_other_data_are_told_apart(study):
    small = [{**row, "unique_pairs": 250, "setting": row["setting"] + "-250"} for row in PLAIN + HALF]
    assert next(ranking(study(ROWS + small))).startswith("At equal samples seen (8,192), pairs 1,000, twice leads")


def test_each_panel_says_what_it_holds_equal(study):
    found = study(ROWS)
    table = points(found)
    assert FIGURE.panels(found) == 2
    assert FIGURE.held_equal(table, FIGURE.shown) == (
        "At equal samples seen (8,192), training FLOPs are 10¹² to 4.0 × 10¹². At equal training FLOPs (2.0 × 10¹²), "
        "samples seen are 8,192 to 16,384. Held equal: data pool embedded, architecture vit_nano, data quality "
        "unfiltered, pairs 1,000, batch size 128, image size 32 px. Not held equal: learning rate (0.001, 0.003)."
    )


def test_panels_that_differ_in_what_they_hold_equal_say_so_each(study):
    rows = [{**row, "lr": 0.001} if row["samples_seen"] == 8192 else row for row in ROWS]
    text = FIGURE.held_equal(points(study(rows)), FIGURE.shown)
    assert text.count("Held equal: ") == 2
    first, second = text.split(" At equal training FLOPs")
    assert first.endswith("learning rate 0.001.")
    assert second.endswith("Not held equal: learning rate (0.001, 0.003).")


def test_the_figure_grows_with_the_strategies_and_marks_what_is_told_apart(study):
    found = study(ROWS)
    table = points(found)
    drawing = draw("compared", FIGURE, found, table)
    inches = FIGURE.height(table)
    assert f'height="{72 * inches:g}pt"' in drawing.file
    assert f'viewBox="0 0 {72 * NARROW[0]:g} {72 * 2 * inches:g}"' in drawing.narrow
    assert f'viewBox="0 0 {72 * WIDE[0]:g} {72 * inches:g}"' in drawing.wide
    for label in ("plain", "half(keep=0.5)", "twice", "equal samples seen (8,192)", "31.8 %"):
        assert f">{label}</text>" in drawing.wide
    assert "hollow: not told apart" in FIGURE.spread(found, table)


def test_the_section_is_there_with_its_tables_and_trials_are_marked(results, study, tmp_path):
    study(ROWS)
    page = render(results, "little", tmp_path)
    text = page.read_text()
    assert text.index('id="scaling"') < text.index('id="strategies"') < text.index('id="figure-compared"')
    assert text.count('id="figure-strategies"') == 1
    assert "all completed; 2 of them to choose learning rates" in text
    tables = {path.stem: pl.read_csv(path) for path in (page.parent / "tables").glob("*.csv")}
    compared = tables["comparison"].select("held_equal", "rank", "strategy_label", "verdict", "ranks", "pairs").rows()
    assert compared == [
        ("samples: 8,192", 1, "twice", "not told apart", "1 to 2", 3),
        ("samples: 8,192", 2, "plain", "baseline", "1 to 2", None),
        ("samples: 8,192", 3, "half(keep=0.5)", "worse", "3", 3),
        ("FLOPs: 2.0 × 10¹²", 1, "half(keep=0.5)", "better", "1", 3),
        ("FLOPs: 2.0 × 10¹²", 2, "plain", "baseline", "2", None),
    ]
    cost = tables["strategy_cost"].select("strategy_label", "flop_ratio", "time_ratio", "efficiency", "data_wait_share")
    assert [tuple(row) for row in cost.rows()] == [
        ("half(keep=0.5)", 0.5, pytest.approx(0.6), pytest.approx(0.5 / 0.6, rel=1e-4), None),
        ("plain", 1.0, 1.0, 1.0, 0.02),
        ("twice", 2.0, pytest.approx(2.5), pytest.approx(0.8), None),
    ]
    assert tables["runs"]["made_for"].to_list() == [None] * 12 + ["learning rate"] * 2
    assert tables["cost"].select("arch", "completed").rows() == [
        ("vit_nano", 12),
        ("vit_nano, to choose learning rates", 2),
        ("all", 14),
    ]
    assert tables["settings"].height == 4


def test_without_a_comparison_there_is_no_section(results, study, tmp_path):
    study(PLAIN)
    text = render(results, "little", tmp_path).read_text()
    assert 'id="strategies"' not in text


def test_a_table_from_before_tuning_is_reported(results, study, tmp_path):
    study([{key: value for key, value in row.items() if key not in ("tuned", "purpose")} for row in PLAIN + TWICE])
    path = results / "little" / "runs.parquet"
    io.write_parquet(path, io.read_parquet(path).drop("purpose", "tuned"))
    assert "Learning rates were not tuned" in render(results, "little", tmp_path).read_text()
