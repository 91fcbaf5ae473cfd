"""What a page says of laws and crossovers: how far one may be asked, what speaks against it, who overtakes whom."""

import polars as pl
import pytest

from study.fit.run import fit
from study.laws import LAWS
from study.laws.curve import Curve
from study.report.crossovers import NO_RANGE, NOT_SEEN, crossovers, said
from study.report.findings import _left, findings
from study.report.laws import laws, no_law
from study.report.render import render
from study.report.study import read_study
from study.report.trust import INSIDE, against, use

FLOPS = [1e12 * 2**power for power in range(8)]
FLAT, STEEP = {"alpha": 0.05, "beta": 3.0}, {"alpha": 0.15, "beta": 3.0 * 1e13**0.1}  # equal at 1e13
BENT = [8.0, 0.3, -2.0]
NOISE = [1.005, 0.995, 1.0, 1.005, 0.995, 1.0, 1.005, 0.995]
LAW = {
    "preferred": True, "caution": None, "tried_error": 0.01, "tried_last_two": 0.02, "n_tried": 9, "n_points": 8,
    "identified": '{"beta": null}', "provisional": None, "points_used": '["r0", "r1", "r2", "r3"]',
    "points_left_out": '{"r4": "not the lowest error of its compute bin"}',
}  # fmt: skip
RUNS = pl.DataFrame(
    {
        "run_id": [f"r{row}" for row in range(5)],
        "status": ["completed"] * 5,
        "train_flops": [1e12, 1e13, 1e14, 1e15, 1e16],
    }
)


@pytest.mark.parametrize(
    ("changed", "told", "why"),
    [
        # five computes over four decades: half of that leaves three below the cut
        ({}, "up to 1e+02 times its most compute", "nothing known"),
        ({"provisional": "2 of 8 settings have one seed"}, "up to 1e+02 times its most compute, provisionally",
         "2 of 8 settings have one seed"),
        ({"tried_error": 0.03}, INSIDE, "no better than extending its last two points"),
        ({"tried_error": None}, INSIDE, "too few points to try it on some of them"),
        ({"identified": '{"beta": null, "d": "no upper bound"}'}, INSIDE, "d not identified"),
        ({"caution": "the fit did not converge"}, INSIDE, "the fit did not converge"),
        ({"n_points": 3, "provisional": "only 3 settings"}, INSIDE, "only 3 settings"),
        ({"preferred": False}, "no: another law of these runs was closer", "nothing known"),
    ],
)  # fmt: skip
def test_a_law_says_how_far_it_may_be_asked_and_what_speaks_against_it(changed, told, why):
    assert (use(LAW | changed, RUNS), against(LAW | changed)) == (told, why)


def test_a_law_of_few_computes_was_tried_nowhere():
    assert use(LAW, RUNS.head(3)) == INSIDE


@pytest.fixture
def study_of(results, write_study, law_rows):
    """A function that fits two families' laws and reads the study."""

    def run(one, other, flops=FLOPS, law=("power",)):
        rows = law_rows(FLOPS, noise=NOISE, **one) + law_rows(flops, noise=NOISE[::-1], family="resnet", **other)
        write_study(rows)
        fit(results, "little", selections=["all"], laws=list(law))
        return read_study(results, "little")

    return run


def shown(found):
    return [dict(zip(found.heads, row, strict=True)) for row in zip(*found.texts, strict=True)]


def test_the_table_of_laws_marks_what_the_points_leave_open(study_of):
    found = laws(study_of(STEEP, FLAT))
    assert found.data.height == 3  # each family, and both together
    assert list(found.heads)[:4] == ["runs of", "may be asked", "what speaks against it", "off where held out, median"]
    assert all("settings have one seed" in row["what speaks against it"] for row in shown(found))
    assert any("last two points" in row["off where held out, median"] for row in shown(found))


def test_a_group_of_one_point_is_listed_with_its_reason(results, write_study, law_rows):
    write_study(law_rows([1e12]))
    fit(results, "little")
    found = no_law(read_study(results, "little"))
    assert set(found.data["provisional"]) == {"1 distinct value of training FLOPs, 3 are needed"}


def test_a_crossover_that_is_seen_has_its_interval_and_a_sentence(study_of, results, tmp_path):
    study = study_of(STEEP, FLAT)
    (row,) = shown(crossovers(study))
    assert (row["leads at little compute"], row["against"], row["overtaken"]) == ("resnet", "vit", "yes")
    assert row["groups by"] == "architecture family"
    assert row["at FLOPs"].endswith("10¹²") or row["at FLOPs"].endswith("10¹³")
    assert " to " in row["90 % interval"]
    (sentence,) = said(study)
    assert sentence.startswith("resnet leads at little compute and is overtaken by vit at ")
    assert "training FLOPs (90 % interval" in sentence
    assert sentence in list(findings(study))
    page = render(results, "little", tmp_path).read_text()
    assert "<h3>Crossovers</h3>" in page


def test_a_crossover_that_is_not_seen_says_so(study_of):
    study = study_of({"alpha": 0.1, "beta": 10.0}, {"alpha": 0.1, "beta": 8.0})
    (row,) = shown(crossovers(study))
    assert row["overtaken"] == NOT_SEEN
    assert list(said(study)) == [
        "No crossover is seen in the one pair of groups that were compared over the same range of compute."
    ]


def test_groups_without_common_compute_say_so_and_make_no_sentence(study_of):
    study = study_of({}, {}, flops=[1e6 * flop for flop in FLOPS])
    (row,) = shown(crossovers(study))
    assert row["overtaken"] == NO_RANGE
    assert list(said(study)) == []


def test_the_law_that_is_spoken_of_spans_what_is_said(study_of):
    (sentence,) = [one for one in findings(study_of(STEEP, FLAT)) if one.startswith("Ten times")]
    assert sentence.startswith("Ten times the training compute, from 1.3 × 10¹³ to 1.3 × 10¹⁴ FLOPs, leaves ")
    assert "(8 settings, 8 runs). It may be asked " in sentence
    assert "against it: " in sentence


def test_the_law_speaks_of_its_last_ten_times_where_it_is_about_to_end_at_a_floor():
    bent = Curve(
        law=LAWS.load("power_irreducible"), group={}, theta=BENT, thetas=[BENT] * 20, noise=[], drifts=[],
        ranges={"train_flops": (1e12, 1e16)}, provisional=None, caution=None,
    )  # fmt: skip
    at = [bent.law.at(BENT, {"train_flops": flops}) for flops in (1e12, 1e13, 1e15, 1e16)]
    assert _left(bent) == pytest.approx((at[3] / at[2],) * 3)
    assert at[3] / at[2] > at[1] / at[0] + 0.1


def test_a_draw_whose_error_is_0_or_beyond_all_makes_no_traceback():
    wild = Curve(
        law=LAWS.load("power"), group={}, theta=[1.0, 0.1], thetas=[[-1e4, 0.1], [1e4, 0.1]] * 10, noise=[], drifts=[],
        ranges={"train_flops": (1e12, 1e16)}, provisional=None, caution=None,
    )  # fmt: skip
    assert _left(wild) == pytest.approx((10**-0.1, 1.0, 1.0))


def test_a_law_over_a_short_range_is_not_spoken_of(results, write_study, law_rows):
    write_study(law_rows([1e12, 1.5e12, 2e12, 2.5e12, 3e12], noise=NOISE[:5]))
    fit(results, "little")
    assert list(findings(read_study(results, "little")))[-1].startswith(
        "No law rests on runs over ten times the compute"
    )
