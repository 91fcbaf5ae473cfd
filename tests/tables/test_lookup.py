import json
import subprocess
import sys
from math import sqrt

import pytest

from study import io
from study.cli import main
from study.errors import StorageError, UnknownNameError
from study.fit.run import fit
from study.lookup import Budget, lookup
from study.summary.headline import Headline, headline
from study.summary.settings import settings

RECALL, OTHER = "text_retrieval_recall_at_5", "image_retrieval_recall_at_5"
FLOPS = [1e12, 2e12, 4e12, 8e12, 1.6e13, 3.2e13]


@pytest.fixture
def three(write_study):
    """Setting a: .2, .3, .4 at 1e12; b: .5 at 2e12; c: .9 at 1e14, over budget."""
    seeds = [{"setting": "a", "scores": {RECALL: value}, "gpu_hours": hours} for value, hours in
             ((0.2, 0.1), (0.3, 0.2), (0.4, 0.3))]  # fmt: skip
    return write_study(
        [
            *seeds,
            {"setting": "b", "scores": {RECALL: 0.5}, "train_flops": 2e12, "arch": "resnet_nano", "family": "resnet"},
            {"setting": "c", "scores": {RECALL: 0.9}, "train_flops": 1e14, "gpu_hours": None},
        ]
    )


def test_a_setting_is_the_mean_and_spread_of_its_seeds(three):
    table = settings(io.read_parquet(three / "runs.parquet"), io.read_parquet(three / "scores.parquet"),
                     Headline("embedded/test", RECALL))  # fmt: skip
    assert table["setting"].to_list() == ["c", "b", "a"]
    found = table.row(2, named=True)
    assert (found["score"], found["sd"], found["n"], found["gpu_hours"]) == pytest.approx((0.3, 0.1, 3, 0.2))
    # two degrees of freedom: t = 2.920
    assert (found["low"], found["high"]) == pytest.approx((0.3 - 0.292 / sqrt(3), 0.3 + 0.292 / sqrt(3)))
    assert (table["sd"][0], table["low"][0]) == (None, pytest.approx(0.9 - 0.292))
    assert found["run_ids"] == ["r0", "r1", "r2"]


def test_options_within_the_budget_are_ranked_and_ties_are_marked(results, three):
    answer = lookup("little", Budget("train_flops", 2e12), results)
    assert [(option.rank, option.label, option.n) for option in answer.measured] == [
        (1, "resnet_nano · clip · unfiltered", 1),
        (2, "vit_nano · clip · unfiltered", 3),
    ]
    # .5 - .292 = .208 < .3 + .169: their intervals meet
    assert [option.tied for option in answer.measured] == [False, True]
    assert (answer.dataset, answer.metric, answer.chance) == ("embedded/test", RECALL, 0.01)
    assert answer.measured[1].runs == ("r0", "r1", "r2")
    assert answer.fits


def test_a_clear_lead_is_no_tie(results, write_study):
    rows = [{"setting": name, "scores": {RECALL: base + step}} for name, base in (("a", 0.2), ("b", 0.5))
            for step in (0, 0.01, 0.02)]  # fmt: skip
    write_study(rows)
    answer = lookup("little", Budget("train_flops", 1e12), results)
    assert [option.tied for option in answer.measured] == [False, False]


def test_budgets_in_hours_and_samples(results, three):
    by_hours = lookup("little", Budget("gpu_hours", 0.15), results)
    assert [option.arch for option in by_hours.measured] == ["resnet_nano"]
    assert "1 settings are left out, whose gpu_hours is not known; say --gpu to have hours predicted" in by_hours.notes
    assert len(lookup("little", Budget("samples_seen", 4096), results).measured) == 3
    assert not lookup("little", Budget("samples_seen", 4095), results).measured


def test_below_all_that_was_measured_nothing_fits(results, three):
    answer = lookup("little", Budget("train_flops", 1e11), results)
    assert not answer.fits
    assert "the least that was measured is 1e+12 train_flops, 10 times the budget" in answer.notes


def test_single_seeds_leave_ties_open(results, write_study):
    write_study([{"scores": {RECALL: 0.5}}, {"scores": {RECALL: 0.4}, "status": "completed"}, {"status": "failed"}])
    answer = lookup("little", Budget("train_flops", 1e13), results)
    assert [(option.low, option.tied) for option in answer.measured] == [(None, False), (None, False)]
    assert answer.notes == (
        "1 of 3 runs did not complete: the answer may change",
        "every setting has one seed: how far seeds differ is not known, so ties cannot be told",
        "no laws yet; fit them with: study fit little",
        "memory is not known: no run of these options states it",
    )


def test_a_study_without_a_score_says_so_with_a_way_out(results, write_study):
    write_study([{"status": "failed"}])
    for question in ({"target": 0.5}, {"gpu": "h100"}):
        budget = None if "target" in question else Budget("gpu_hours", 1)
        answer = lookup("little", budget, results, **question)
        assert not answer.fits
        told = "little has no score yet: 0 of its 1 runs completed; say --study to ask another, such as published"
        assert answer.notes == (told,)


def test_what_no_study_has_a_score_of_is_told_in_words(results, write_study, capsys):
    (write_study([{"status": "failed"}]) / "evaluation.json").unlink()
    common = ["lookup", "--study", "little", "--results", str(results)]
    assert main([*common, "--target", "imagenet1k:0.6"]) == 2
    told = capsys.readouterr().err
    assert "no score of imagenet1k: little has no score yet: 0 of its 1 runs completed; say --study to ask" in told
    assert main([*common, "--budget", "1e12"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "no score yet"
    assert main([*common, "--budget", "1e12", "--metric", RECALL]) == 2
    assert f"no score of {RECALL}: little has no score yet" in capsys.readouterr().err


@pytest.mark.parametrize("top", [1, 10])
def test_the_cheapest_is_that_of_least_hours_where_these_are_asked_else_of_least_flops(results, write_study, top):
    write_study(
        [
            {"setting": "a", "scores": {RECALL: 0.6}, "gpu_hours": 5.0},
            {"setting": "b", "scores": {RECALL: 0.6}, "gpu_hours": 1.0, "train_flops": 2e12},
            {"setting": "c", "scores": {RECALL: 0.6}, "gpu_hours": None, "train_flops": 5e11},
        ]
    )
    by_hours = lookup("little", Budget("gpu_hours", 9), results, target=0.5, top=top).reached
    assert [one.runs for one in by_hours] == [("r1",)]
    assert [one.runs for one in lookup("little", None, results, target=0.5, top=top).reached] == [("r2",)]


def test_a_target_says_what_has_no_compute(results, write_study):
    write_study([{"scores": {RECALL: 0.5}, "train_flops": None}])
    notes = lookup("little", None, results, target=0.4).notes
    assert "1 settings are left out, whose train_flops is not known" in notes


def test_a_law_answers_between_and_beyond_its_points(results, write_study, law_rows):
    noise = [1.01, 0.99, 1.02, 0.98, 1.0, 1.0]
    write_study(law_rows(FLOPS, noise=noise) + law_rows(FLOPS, alpha=0.09, noise=noise, family="resnet"))
    fit(results, "little", selections=["all"])
    inside = lookup("little", Budget("train_flops", 1e13), results).predicted
    first = inside[0]
    assert (first.label, first.outside, first.n) == ("vit · clip · unfiltered", 1, 6)
    assert first.score == pytest.approx(1 - 10 * 1e13**-0.1, abs=0.02)
    assert first.low < first.score < first.high
    beyond = lookup("little", Budget("train_flops", 3.2e14), results).predicted[0]
    assert beyond.outside == pytest.approx(10)
    assert beyond.note == "outside the evidence: 3.2e+14 FLOPs, 10 times above the most that was seen, 3.2e+13"
    assert beyond.provisional == "6 of 6 settings have one seed"
    assert beyond.high - beyond.low > first.high - first.low


def test_laws_that_reach_the_budget_come_first(results, write_study, law_rows):
    small = law_rows(FLOPS[:3], beta=4.0, family="resnet")
    write_study(law_rows(FLOPS) + small)
    fit(results, "little", selections=["all"])
    found = lookup("little", Budget("train_flops", 3e13), results).predicted
    assert [option.outside > 1 for option in found] == [False, False, True]
    assert found[2].score > found[0].score


def test_a_budget_in_hours_is_turned_into_flops_by_the_median_run(results, write_study, law_rows):
    rows = [{**row, "gpu_hours": row["train_flops"] / 1e13} for row in law_rows(FLOPS)]
    write_study(rows)
    fit(results, "little", selections=["all"])
    option = lookup("little", Budget("gpu_hours", 1.0), results).predicted[0]
    assert option.train_flops == pytest.approx(1e13)
    assert "budget taken as 1e+13 FLOPs, by the median run" in option.note


def test_the_headline_is_the_test_set_and_image_to_text_recall(three):
    scores = io.read_parquet(three / "scores.parquet")
    io.write_json(three / "evaluation.json", {"sets": ["embedded/validation", {"name": "embedded/test"}]})
    assert headline(three, scores) == Headline("embedded/test", RECALL)
    io.write_json(three / "evaluation.json", {"sets": ["embedded/validation"]})
    assert headline(three, scores).dataset == "embedded/validation"
    (three / "evaluation.json").unlink()
    assert headline(three, scores).dataset == "embedded/test"


def test_unknown_names_give_the_nearest(results, three):
    budget = Budget("train_flops", 1e12)
    with pytest.raises(UnknownNameError, match="unknown study 'litle'; did you mean little"):
        lookup("litle", budget, results)
    with pytest.raises(UnknownNameError, match=f"unknown metric 'text_recall'; did you mean {RECALL}"):
        lookup("little", budget, results, metric="text_recall")
    with pytest.raises(UnknownNameError, match="unknown data set 'embeded/test'; did you mean embedded/test"):
        lookup("little", budget, results, dataset="embeded/test")
    with pytest.raises(StorageError, match="no study was collected in"):
        lookup("little", budget, results / "elsewhere")


def test_the_only_study_need_not_be_named(results, three, write_study):
    assert lookup(None, Budget("train_flops", 1e12), results).studies == ("little",)


def test_all_studies_are_asked_together(results, three, write_study):
    write_study([{"run_id": "own", "scores": {RECALL: 0.6}}], name="second")
    write_study([{"run_id": "other", "scores": {RECALL: 0.7}}], name="third", dataset="elsewhere/test")
    answer = lookup(None, Budget("train_flops", 2e12), results)
    assert (answer.studies, answer.dataset) == (("little", "second"), "embedded/test")
    assert [(option.study, option.rank) for option in answer.measured] == [("second", 1), ("little", 2), ("little", 3)]
    told = f"third is left out: it has no such score on embedded/test; it is judged by {RECALL} on elsewhere/test"
    assert told in answer.notes
    assert lookup("third", Budget("train_flops", 2e12), results).measured[0].score == pytest.approx(0.7)


def test_the_command_prints_a_table_json_and_the_exit_code(results, three, capsys):
    common = ["lookup", "--study", "little", "--results", str(results)]
    assert main([*common, "--budget", "2T"]) == 0
    text = capsys.readouterr().out
    assert "text_retrieval_recall_at_5 on embedded/test, chance 1.0 %" in text
    assert "resnet_nano · clip · unfiltered" in text
    assert "20.8 to 79.2" in text
    assert main([*common, "--budget", "2e12", "--json"]) == 0
    assert [option["score"] for option in json.loads(capsys.readouterr().out)["measured"]] == pytest.approx([0.5, 0.3])
    assert main([*common, "--budget", "1e9"]) == 1
    assert "nothing that is known fits this budget" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["-3", "x", "0", "inf", "nan"])
def test_a_bad_budget_is_told_apart(results, three, value, capsys):
    assert main(["lookup", "--results", str(results), f"--budget={value}"]) == 2
    assert f"--budget '{value}': must be a number greater than 0" in capsys.readouterr().err


def test_a_look_up_loads_nothing_heavy(results, write_study, law_rows):
    write_study(law_rows(FLOPS, noise=[1.01, 0.99, 1.02, 0.98, 1.0, 1.0]))
    fit(results, "little")
    lookup("little", Budget("train_flops", 1e13), results)  # the first one reads the tables, and keeps what it needs
    script = (
        "import sys; from study.cli import main; "
        f"assert main(['lookup', '--budget', '1e13', '--json', '--results', {str(results)!r}]) == 0; "
        "heavy = {'torch', 'scipy', 'numpy', 'pandas', 'matplotlib', 'seaborn', 'jinja2', 'pydantic', 'polars'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
