"""Energy and dollars of a plan, by hand; a price changes what is predicted and never what is run."""

import json
from pathlib import Path

import pytest

from study.cli import main
from study.errors import GridError
from study.io import read_json, read_parquet
from study.plan.make import Options

GRID = "{epochs: 1, seed: [0, 1, 2]}"
ENDS = ("", "_low", "_high")
PRICES = """\
devices:
  - {name: b200, tflops: 2250, memory_gib: 180, bandwidth_gb_s: 8000, watts: 1000, source: data sheet}
prices: {b200: 5, cpu: 0.04}
co2_grams_per_kwh: 400
pue: 1.5
"""


@pytest.fixture
def plan_json(folder, write_grid, capsys):
    """A function that plans by the command line with these prices, and gives the answer for a program."""
    path = write_grid(GRID)

    def run(prices=None, *more):
        if prices is not None:
            Path("hardware.yaml").write_text(prices)
        assert main(["plan", str(path), "--json", *more]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def specs():
    return {path.parent.name: path.stat().st_mtime_ns for path in Path("results/runs").glob("*/spec.json")}


def test_a_plan_without_prices_has_energy_and_no_dollars(plan_json):
    told = plan_json()
    for row in told["rows"]:
        for end in ENDS:  # 10 W a thread
            expected = row[f"predicted_gpu_hours{end}"] * row["threads"] * 0.01
            assert row[f"predicted_kwh{end}"] == pytest.approx(expected)
            assert row[f"predicted_dollars{end}"] is None
            assert told["totals"][f"predicted_dollars{end}"] is None
    assert told["totals"]["predicted_kwh"] == pytest.approx(3 * told["rows"][0]["predicted_kwh"])
    assert told["totals"]["predicted_co2_kg"] is None


def test_totals_are_the_sums_of_all_runs_with_their_ranges(plan_json):
    told = plan_json(PRICES, "--gpu", "b200")
    for what, an_hour in (("kwh", 1.0), ("dollars", 5.0)):
        low, middle, high = (told["totals"][f"predicted_{what}{end}"] for end in ("_low", "", "_high"))
        assert 0 < low < middle < high
        assert middle == pytest.approx(an_hour * sum(row["predicted_gpu_hours"] for row in told["rows"]))
        assert high == pytest.approx(an_hour * sum(row["predicted_gpu_hours_high"] for row in told["rows"]))
    assert told["totals"]["predicted_co2_kg"] == pytest.approx(told["totals"]["predicted_kwh"] * 1.5 * 0.4)


def test_a_price_renews_the_plan_and_leaves_the_runs_alone(plan_json, capsys):
    ids = [row["run_id"] for row in plan_json()["rows"]]
    before = specs()
    priced = plan_json(PRICES)
    assert [row["run_id"] for row in priced["rows"]] == ids
    assert specs() == before
    row = priced["rows"][0]
    assert row["predicted_dollars"] == pytest.approx(row["predicted_gpu_hours"] * row["threads"] * 0.04)
    assert read_parquet(Path("results/small/plan.parquet"))["predicted_dollars"][0] == row["predicted_dollars"]
    dearer = plan_json(PRICES.replace("0.04", "0.08"))
    assert dearer["rows"][0]["predicted_dollars"] == pytest.approx(2 * row["predicted_dollars"])
    main(["plan", "small.yaml", "--quiet"])
    assert capsys.readouterr().out == "small: 3 runs planned, unchanged\n"


def test_a_run_that_has_ended_keeps_its_predicted_hours_at_todays_price(planned, plan_json, outcome):
    made = planned(GRID)
    ended = made.rows[0]
    outcome(ended["run_id"], samples_per_second=1.0)
    rows = {row["run_id"]: row for row in plan_json(PRICES)["rows"]}
    row = rows[ended["run_id"]]
    assert row["predicted_gpu_hours"] == ended["predicted_gpu_hours"]
    assert row["predicted_dollars"] == pytest.approx(ended["predicted_gpu_hours"] * row["threads"] * 0.04)


def test_a_grid_may_name_a_device_of_the_users_own(planned, folder):
    with pytest.raises(GridError, match=r"small\.yaml:1:17: hardware\.gpu: unknown device 'b200'"):
        planned("{epochs: 1}", head="hardware: {gpu: b200}\n" + HEAD)
    (folder / "ours.yaml").write_text(PRICES)
    made = planned("{epochs: 1}", Options(hardware=Path("ours.yaml")), head="hardware: {gpu: B200}\n" + HEAD)
    assert made.rows[0]["gpu"] == "b200"
    assert read_json(folder / "results" / "small" / "plan.json")["site"]["co2_grams_per_kwh"] == 400


HEAD = (
    "common: {source: {name: table, path: pairs.csv, score_column: score}, arch: vit_pico, strategy: clip, "
    "global_batch_size: 100}\n"
)


def test_the_printed_plan_says_energy_and_dollars_with_where_they_come_from(plan_json, capsys):
    plan_json()
    main(["plan", "small.yaml"])
    shown = capsys.readouterr().out
    assert "from 10 W a CPU thread; no dollars: give the price of a CPU thread in hardware.yaml" in shown
    plan_json(PRICES)
    main(["plan", "small.yaml", "--gpu", "b200", "--dry-run"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "an upper estimate from 1000 W a b200; " in shown
    assert "kg CO2 at 400 g/kWh x PUE 1.5; $" in shown
    assert "at $5 an hour of a b200" in shown


def test_a_mistake_in_the_prices_stops_the_plan(plan_json, capsys):
    plan_json()
    Path("hardware.yaml").write_text("prices: {cpu: -1}\n")
    assert main(["plan", "small.yaml"]) == 2
    assert capsys.readouterr().err == "study: hardware.yaml:1:15: prices.cpu: must be greater than 0, got -1\n"
