"""Energy, dollars and share of the peak in the tables, by hand on made-up devices."""

from dataclasses import replace

import polars as pl
import pytest

from study import io
from study.collect import collect
from study.hardware import Device, Site
from study.records import PLAN_COLUMNS, schema
from study.report import words
from study.report.cost_table import cost
from study.report.provenance import provenance
from study.report.study import read_study

# 10 TFLOP/s and 500 W: an hour of it does 3.6e16 FLOPs and takes half a kWh.
MADE_UP = Device("made-up", 10, 40, 1000, 500, "Made Up", "a test", dollars_per_hour=2.0)
GPU = {
    "device": "Made Up 9000", "device_kind": "cuda", "world_size": 4, "threads": 8, "loader_workers": 0,
    "precision": "bf16", "micro_batch_size": 64, "grad_accum_steps": 1, "gpu_hours": 6.0, "train_hours": 5.0,
}  # fmt: skip
CPU = {**GPU, "device": "a processor", "device_kind": "cpu", "world_size": 1, "threads": 3, "gpu_hours": 2.0}


@pytest.fixture
def collected(results, specs, plan_of, end):
    """A function from a run's cost to its row of the table, planned with a site's devices and 3.6e16 FLOPs."""

    def row(cost, site=None, status="completed"):
        (folder,) = plan_of([specs()])
        plan = results / "little" / "plan.parquet"
        flops = pl.read_parquet(plan).with_columns(train_flops=pl.lit(3.6e16))
        io.write_parquet(plan, flops.select(list(schema(PLAN_COLUMNS))))
        if site is not None:
            io.write_json(results / "little" / "plan.json", {"site": site.facts()})
        end(folder, status, cost=cost)
        return collect(results, "little").runs.row(0, named=True)

    return row


def test_a_site_is_kept_in_the_plan_as_it_is():
    site = Site({"made-up": MADE_UP, **Site().devices}, co2_grams_per_kwh=400.0, pue=1.25)
    assert Site.of({"site": site.facts()}) == site
    assert Site.of({}) == Site()
    assert Site().facts()["devices"] == []
    assert site.co2_kg(3.0) == 1.5
    assert Site().co2_kg(3.0) is None


def test_on_the_users_own_gpu_a_row_has_its_dollars_and_its_share_of_the_peak(collected):
    row = collected(GPU, Site({"made-up": MADE_UP}))
    assert row["dollars"] == 12.0
    assert row["mfu"] == pytest.approx(3.6e16 / (5 * 3600 * 10e12))
    assert (row["energy_kwh"], row["energy_source"]) == (3.0, "estimate")


def test_a_run_in_fp32_is_held_against_the_peak_of_fp32(collected):
    fp32 = GPU | {"precision": "fp32"}
    assert collected(fp32, Site({"made-up": replace(MADE_UP, tflops_fp32=4)}))["mfu"] == pytest.approx(0.5)
    assert collected(fp32, Site({"made-up": MADE_UP}))["mfu"] is None  # nobody says that peak


def test_scoring_costs_as_training_does(results, specs, plan_of, end):
    (folder,) = plan_of([specs()])
    io.write_json(results / "little" / "plan.json", {"site": Site({"made-up": MADE_UP}).facts()})
    end(folder, cost=GPU, scores={"zeroshot_top1": 0.5})
    scores = io.read_json(folder / "scores.json")
    io.write_json(folder / "scores.json", scores | {"settings": {"embedded/test": {"seconds": 1800}}})
    row = collect(results, "little").runs.row(0, named=True)
    assert (row["dollars"], row["energy_kwh"]) == (2.0 * (6 + 4 * 0.5), 0.5 * (6 + 4 * 0.5))


def test_measured_energy_is_kept_with_what_measured_it(collected):
    row = collected({**GPU, "energy_kwh": 1.75, "energy_source": "nvml"}, Site({"made-up": MADE_UP}))
    assert (row["energy_kwh"], row["energy_source"]) == (1.75, "nvml")
    unknown = collected({**GPU, "device": "Another", "energy_kwh": 1.75, "energy_source": "nvml"})
    assert (unknown["energy_kwh"], unknown["energy_source"]) == (1.75, "nvml")


def test_a_device_that_nobody_knows_has_no_energy_no_dollars_and_no_share(collected):
    row = collected(GPU)
    assert [row[name] for name in ("energy_kwh", "energy_source", "dollars", "mfu")] == [None] * 4


def test_a_cpus_watts_and_price_are_a_cores_and_its_assumed_peak_gives_no_share(collected):
    assert collected(CPU)["energy_kwh"] == pytest.approx(2 * 3 * 10 / 1000)
    assert collected(CPU)["mfu"] is None
    known = Device("cpu", 0.5, 0, 0, 5, r"$^", "measured by us", dollars_per_hour=0.1)
    row = collected(CPU, Site({"cpu": known}))
    assert row["energy_kwh"] == pytest.approx(2 * 3 * 5 / 1000)
    assert row["dollars"] == pytest.approx(2 * 3 * 0.1)
    assert row["mfu"] == pytest.approx(3.6e16 / (5 * 3600 * 3 * 0.5e12))


def test_a_run_that_did_not_complete_costs_and_has_no_share_of_the_peak(collected):
    row = collected(GPU, Site({"made-up": MADE_UP}), status="diverged")
    assert (row["dollars"], row["mfu"]) == (12.0, None)


def test_the_first_outcomes_with_their_empty_share_are_read(results, specs, plan_of, end):
    (folder,) = plan_of([specs()])
    end(folder, cost=CPU)
    outcome = io.read_json(folder / "outcome.json")
    for name in ("energy_kwh", "energy_source"):
        del outcome["cost"][name]
    io.write_json(folder / "outcome.json", outcome | {"cost": {**outcome["cost"], "mfu": None, "energy_kwh": None}})
    assert collect(results, "little").runs["status"].to_list() == ["completed"]


ROWS = [
    {"arch": "a", "gpu_hours": 2.0, "predicted_gpu_hours": 1.0, "energy_kwh": 0.5, "energy_source": "nvml",
     "predicted_kwh": 0.75, "dollars": 4.0, "predicted_dollars": 2.0, "mfu": 0.2, "peak_memory_gib": 3.0,
     "predicted_memory_gib": 2.5},
    {"arch": "a", "gpu_hours": 3.0, "predicted_gpu_hours": 2.0, "energy_kwh": 0.25, "energy_source": "estimate",
     "predicted_kwh": 0.5, "dollars": 6.0, "predicted_dollars": 4.0, "mfu": 0.4, "peak_memory_gib": 4.0,
     "predicted_memory_gib": 5.0},
    {"arch": "b", "gpu_hours": 5.0, "predicted_gpu_hours": None, "predicted_kwh": None, "energy_kwh": 9.0,
     "energy_source": "nvml", "status": "completed"},
    {"arch": "b", "status": "failed", "gpu_hours": None, "predicted_kwh": 7.0},
]  # fmt: skip


def test_the_cost_table_sums_what_was_both_predicted_and_measured(write_study, results):
    write_study(ROWS)
    table = cost(read_study(results, "little"))
    found = {row["arch"]: row for row in table.data.iter_rows(named=True)}
    assert found["a"]["energy_kwh"] == 0.75
    assert found["a"]["predicted_kwh"] == 1.25
    assert (found["a"]["dollars"], found["a"]["predicted_dollars"]) == (10.0, 6.0)
    assert (found["a"]["peak_memory_gib"], found["a"]["predicted_memory_gib"]) == (4.0, 5.0)
    assert found["a"]["mfu"] == pytest.approx(0.3)
    assert found["a"]["energy_by"] == "GPU counter and estimate"
    assert {found["b"][name] for name in ("energy_kwh", "predicted_kwh", "energy_by", "dollars", "mfu")} == {None}
    assert found["all"]["dollars"] == 10.0
    b = table.rows[[row[0].text for row in table.rows].index("b")]
    assert [cell.text for cell in b][-6:] == [words.MISSING] * 6
    assert "at most this much" in table.note
    assert "with its libraries" in table.note


def test_a_cost_table_without_energy_says_nothing_of_it(write_study, results):
    write_study([{"arch": "a"}])
    table = cost(read_study(results, "little"))
    assert "energy_kwh" not in table.data.columns
    assert "MFU" not in table.note
    assert "Energy" not in table.note


def test_the_page_says_what_all_runs_drew_and_emitted(write_study, results):
    site = Site({"made-up": MADE_UP, **Site().devices}, co2_grams_per_kwh=400.0, pue=1.25)
    write_study(ROWS, site=site.facts())
    told = dict(provenance(read_study(results, "little")))
    assert told["Energy"] == "9.75 kWh over 3 runs (by estimate and GPU counter); 4.88 kg CO2 at 400 g/kWh × PUE 1.25"
    write_study(ROWS)
    assert (
        dict(provenance(read_study(results, "little")))["Energy"]
        == "9.75 kWh over 3 runs (by estimate and GPU counter)"
    )
    write_study([{"arch": "a"}])
    assert "Energy" not in dict(provenance(read_study(results, "little")))
