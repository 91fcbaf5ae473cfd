"""The backtest of laws: what it counts, what it says, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from study import io
from study.cli import main
from study.fit.backtest import Told, pairs, told
from study.fit.backtested import laws, summaries
from study.predict.asked import Asked
from study.predict.backtested import markdown
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, schema

METRIC = "zeroshot_top1"


@pytest.fixture
def planted(tmp_path):
    """A study of 24 runs on a planted power law with a little noise."""
    compute = [1e12 * 1.6**power for power in range(24)]
    errors = [15 * flops**-0.1 * (1 + 0.004 * (index % 5 - 2)) for index, flops in enumerate(compute)]
    shared = {"study": "little", "source": "embedded", "status": "completed", "family": "vit", "params_m": 10.0}
    runs = [
        {**shared, "run_id": f"r{index:02d}", "setting": f"s{index}", "strategy_label": "clip", "train_flops": flops}
        for index, flops in enumerate(compute)
    ]
    scores = [
        {"run_id": f"r{index:02d}", "dataset": "test", "metric": METRIC, "value": 1 - error}
        for index, error in enumerate(errors)
    ]
    io.write_parquet(tmp_path / "little/runs.parquet", pl.DataFrame(runs, schema=schema(RUNS_COLUMNS)))
    io.write_parquet(tmp_path / "little/scores.parquet", pl.DataFrame(scores, schema=schema(SCORES_COLUMNS)))
    return tmp_path


def test_runs_above_a_cut_are_predicted_without_themselves(planted):
    found = list(told(planted, "little", [("power", "all")]))
    assert {one.cut for one in found} == {"1/4 decade", "1/2 decade", "1/5 of the range"}
    quarter = [one.run_id for one in found if one.cut == "1/4 decade"]
    assert quarter == ["r22", "r23"]  # 1.6^2 = 2.56 > 10^.25 = 1.78: the last one, and that just above the cut
    assert all(one.low < one.error < one.high for one in found)
    assert all(abs(one.predicted / one.error - 1) < 0.02 for one in found)


def test_a_law_of_more_than_compute_is_not_tried_on_the_best_at_it():
    assert ("power", "pareto") in pairs()
    assert [selection for law, selection in pairs() if law == "chinchilla"] == ["all"]


def one(**fields):
    base = Told("a", "power", "all", "test", METRIC, "{}", "1/4 decade", "r0", 0.2, 0.5, 0.45, 0.4, 0.6, 0.25)
    return replace(base, **fields)


def test_errors_and_coverage_by_hand():
    some = [one(), one(run_id="r1", cut="1/2 decade", error=0.7, last_two=0.6)]
    first, *cuts = summaries(some)
    assert [row.cut for row in (first, *cuts)] == ["all", "1/4 decade", "1/2 decade"]
    assert (first.n, first.runs, first.groups, first.covered, first.closer) == (2, 2, 1, 1, 1)
    assert first.off == pytest.approx((0.05 + 0.25) / 2)
    assert first.off_log == pytest.approx((0.10536 + 0.44183) / 2, abs=1e-5)
    assert first.last_two_off_log == pytest.approx((0.69315 + 0.15415) / 2, abs=1e-5)
    assert (first.intervals, first.verdict) == ("too few to tell", "no better than the last two points")


@pytest.mark.parametrize(
    ("covered", "closer", "intervals", "verdict"),
    [(180, 150, "hold", "better"), (150, 100, "too narrow", "no better"), (200, 50, "hold", "worse")],
)
def test_words_follow_what_200_predictions_tell(covered, closer, intervals, verdict):
    some = [
        one(high=0.6 if index < covered else 0.49, last_two=0.25 if index < closer else 0.5) for index in range(200)
    ]
    row = next(iter(summaries(some)))
    assert (row.covered, row.closer) == (covered, closer)
    assert row.intervals == intervals
    assert row.verdict == f"{verdict} than the last two points"


def test_the_command_says_the_same_to_people_and_programs(planted, capsys):
    asked = ["backtest", "laws", "--study", "little", "--results", str(planted)]
    assert main([*asked, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["law"], row["selection"]) for row in rows} >= {("power", "all"), ("power_irreducible", "pareto")}
    assert not {row["law"] for row in rows} & {"chinchilla", "repeated", "filtering"}  # one size, one pool
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert "last two" in shown
    assert "little" in shown


@pytest.mark.slow
def test_the_documentation_has_the_table_of_today(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "laws.md"
    assert markdown(laws(Asked(tmp_path, "published"))) in page.read_text(), "run: python scripts/law_backtest.py"


def test_other_studies_are_refused_by_name(planted, capsys):
    assert main(["backtest", "laws", "--study", "litle", "--results", str(planted)]) == 2
    assert "unknown study 'litle'; did you mean little?" in capsys.readouterr().err
    assert main(["backtest", "cost", "--study", "little", "--results", str(planted)]) == 2
    assert "published" in capsys.readouterr().err
