"""The backtest: folds, coverage and the command."""

import json
from pathlib import Path

import pytest

from study.cli import main
from study.predict.backtest import MODEL, clopper_pearson, cost_backtest, predicted, ways
from study.predict.backtested import cost, markdown
from study.predict.published_runs import published_runs


def test_clopper_pearson_of_tables():
    assert clopper_pearson(0, 10) == (0.0, pytest.approx(0.3085, abs=1e-4))
    assert clopper_pearson(8, 10) == (pytest.approx(0.4439, abs=1e-4), pytest.approx(0.9748, abs=1e-4))
    assert clopper_pearson(10, 10)[1] == 1.0


def test_every_run_is_predicted_once_in_each_way():
    runs = published_runs()
    for folds in ways(runs).values():
        told = predicted(runs, folds, MODEL)
        assert [one.run for one in told] == runs
        assert all(one.low < one.gpu_hours < one.high for one in told)


def test_the_model_does_better_than_one_mfu_and_than_the_architectures_median():
    found = {(e.left_out, e.runs, e.predictor): e for e in cost_backtest()}
    for way in ("run", "measurement"):
        for runs in ("all", "derived"):
            own = found[way, runs, MODEL]
            for other in ("one MFU", "architecture's median"):
                assert own.median < found[way, runs, other].median
                assert own.p90 < found[way, runs, other].p90
            assert own.covered_low <= 0.9 <= own.covered_high
    fixed, of_architecture = (found["run", "derived", name] for name in ("one MFU", "architecture's median"))
    assert (fixed.median, fixed.p90) == pytest.approx((1.238, 2.369), abs=1e-3)  # worked out apart from this program
    assert (of_architecture.median, of_architecture.p90) == pytest.approx((1.219, 2.010), abs=1e-3)


def test_the_command_prints_the_same_for_people_and_programs(capsys):
    assert main(["backtest", "cost", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["n"] for row in rows} == {38, 29}
    assert main(["backtest", "cost"]) == 0
    assert "this program" in capsys.readouterr().out


def test_an_unknown_backtest_is_told(capsys):
    assert main(["backtest", "costs"]) == 2
    assert "unknown backtest 'costs'; did you mean cost?" in capsys.readouterr().err


def test_the_documentation_has_the_table_of_today():
    page = Path(__file__).parents[2] / "docs" / "resources.md"
    assert markdown(cost()) in page.read_text(), "run: python scripts/cost_backtest.py"
