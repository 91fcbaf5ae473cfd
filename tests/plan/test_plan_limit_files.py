"""A limit in a grid: what is printed, what is kept on disk, and how it is held again as runs end."""

import json
import subprocess
import sys
import time

import pytest

from study import io
from study.cli import main
from study.ledger import Account, Amounts, Due
from study.plan.table import StudyTable

COMMON = (
    "common: {source: {name: table, path: pairs.csv, score_column: score}, arch: vit_pico, strategy: clip, "
    "global_batch_size: 100}\n"
)
FOUR = "{samples_seen: [100000, 200000], seed: [0, 1]}"


@pytest.fixture
def hours(write_grid, folder):
    """Predicted hours of the four runs, in the order of the grid."""
    assert main(["plan", str(write_grid(FOUR, name="free")), "--quiet"]) == 0
    return StudyTable(folder / "results", "free").rows["predicted_gpu_hours"].to_list()


@pytest.fixture
def limited(write_grid):
    def write(limit, sub_grids=FOUR):
        return str(write_grid(sub_grids, f"limit: {limit}\n" + COMMON))

    return write


def ids(folder, name="small"):
    return io.read_json(folder / "results" / name / "plan.json")["run_ids"]


def test_what_is_left_out_is_printed_and_kept(limited, hours, folder, capsys):
    cap = sum(hours) - hours[-1] / 2
    assert main(["plan", limited(f"{{gpu_hours: {cap}, fit: drop_last}}")]) == 0
    said = capsys.readouterr().out
    assert f"left out by drop_last: over the limit of {cap:,.4g} GPU-hours" in said
    assert f"limit of {cap:,.4g} GPU-hours: {sum(hours[:3]):,.4g} to do, " in said
    assert said.endswith("small: 3 runs planned, 0 new\n")
    facts, every = io.read_json(folder / "results/small/plan.json"), ids(folder, "free")
    assert (facts["run_ids"], facts["left_out"], facts["runs"]) == (every[:3], every[3:], 3)
    assert io.read_json(folder / "results/small/run_ids.json") == every[:3]
    assert facts["limit"] == {"gpu_hours": cap, "fit": "drop_last"}
    table = StudyTable(folder / "results", "small")
    assert table.run_ids == every[:3]
    assert table.grid_rows["left_out"].null_count() == 3
    assert main(["plan", "small.yaml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["left_out"] is None for row in told["rows"]] == [True] * 3 + [False]
    assert told["totals"]["runs"] == 3
    assert told["budget"]["gpu_hours"]["left"] == pytest.approx(cap - sum(hours[:3]))


def test_a_limit_that_does_not_hold_is_an_error_every_time(limited, hours, folder, capsys):
    path = limited(f"{{gpu_hours: {sum(hours) / 2}}}")
    for _ in range(2):
        assert main(["plan", path]) == 2
        told = capsys.readouterr()
        assert f"{sum(hours) / 2:,.4g} too much" in told.out
        assert told.err.startswith("study: small.yaml:1:20: limit.gpu_hours: the plan needs ")
    assert main(["plan", path, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["budget"]["gpu_hours"]["left"] < 0
    assert not (folder / "results/small").exists()


def test_limits_that_cannot_be_counted_are_told_at_their_place(limited, capsys):
    assert main(["plan", limited("{dollars: 100}")]) == 2
    assert "small.yaml:1:18: limit.dollars: cpu has no price; give it in hardware.yaml" in capsys.readouterr().err


@pytest.fixture
def ended(folder, outcome):
    """A function that ends a run: it took these hours, at this speed, for the study."""

    def end(run_id, took, samples_per_second):
        due = Due(an_hour=Amounts(gpu_hours=1, device_hours=1), hours=took)
        with Account(folder / "results", "small").reserve(run_id, due, time.monotonic() - took * 3600):
            outcome(run_id, samples_per_second)

    return end


def test_better_predictions_bring_runs_in_again_without_torch(limited, hours, folder, ended):
    path = limited(f"{{gpu_hours: {sum(hours[:2]) * 1.1}, fit: drop_last}}")
    assert main(["plan", path, "--quiet"]) == 0
    assert ids(folder) == ids(folder, "free")[:2]
    fast = 100000 / (hours[0] / 20 * 3600)  # a twentieth of what was predicted
    ended(ids(folder)[0], hours[0] / 10, fast)
    script = (
        f"import sys; from study.cli import main; code = main(['plan', {path!r}, '--quiet']); "
        "print(sorted(set(sys.modules) & {'torch', 'open_clip', 'timm', 'fvcore'}), code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["small: 4 runs planned, unchanged", "[] 0"]
    assert ids(folder) == io.read_json(folder / "results/small/run_ids.json") == ids(folder, "free")
    assert StudyTable(folder / "results", "small").run_ids == ids(folder)


def test_runs_that_took_more_than_predicted_leave_less_for_the_others(limited, hours, folder, ended, capsys):
    cap = sum(hours) * 1.1
    assert main(["plan", limited(f"{{gpu_hours: {cap}}}"), "--quiet"]) == 0
    ended(ids(folder)[0], sum(hours), 100000 / (hours[0] * 3600))
    assert main(["plan", "small.yaml", "--quiet"]) == 2
    told = capsys.readouterr().err
    assert f"({sum(hours):,.4g} GPU-hours spent or reserved, " in told
    assert main(["plan", limited(f"{{gpu_hours: {cap}, fit: cheapest_first}}"), "--quiet"]) == 0
    assert ids(folder)[0] == ids(folder, "free")[0], "what has run is never left out"
    assert len(ids(folder)) < 4
    before = io.read_json(folder / "results/small/plan.json")
    assert main(["plan", "small.yaml", "--quiet"]) == 0
    assert io.read_json(folder / "results/small/plan.json") == before


def test_an_estimate_is_held_to_its_limit_too(write_grid, folder, capsys):
    head = (
        "limit: {gpu_hours: %s, fit: %s}\ncommon: {source: {name: table, pairs: 1M}, arch: vit_pico, strategy: clip}\n"
    )
    path = str(write_grid("{samples_seen: [1M, 2M, 4M]}", head % (1e9, "drop_last")))
    assert main(["plan", path, "--json"]) == 0
    hours = [row["predicted_gpu_hours"] for row in json.loads(capsys.readouterr().out)["rows"]]
    path = str(write_grid("{samples_seen: [1M, 2M, 4M]}", head % (sum(hours[:2]) * 1.01, "drop_last")))
    for _ in range(2):
        assert main(["plan", path, "--quiet"]) == 0
        assert capsys.readouterr().out == "small: 2 runs planned, 0 new\n"
