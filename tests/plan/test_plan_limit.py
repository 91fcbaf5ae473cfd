"""What a plan's limit lets in: each way to fit it by hand, trials with their runs, what is spent, what cannot be."""

import json
import time

import pytest

from study import io
from study.config import Limit
from study.ledger import Account, Amounts, Due
from study.plan.held import hold
from study.plan.schedule import Job, finish
from study.records import Outcome

STUDY = "little"


def row(
    run_id, hours, setting=None, purpose="study", needs=(), gpus=0, threads=1, dollars=None, samples=1000, beside=(0, 0)
):
    return {
        "run_id": run_id, "setting": setting or run_id, "purpose": purpose,
        "needs": json.dumps(needs) if needs else None,
        "gpu": "h100" if gpus else "cpu", "gpus": gpus, "threads": threads, "samples_seen": samples,
        "predicted_gpu_hours": hours * max(gpus, 1), "predicted_kwh": 0.5 * hours,
        "predicted_dollars": dollars,
        "predicted_start_up_hours": beside[0], "predicted_evaluation_hours": beside[1],
    }  # fmt: skip


@pytest.fixture
def held(tmp_path):
    """A function that holds rows to a limit: ids of the kept runs, and the whole."""

    def run(rows, **limit):
        found = hold(tmp_path, STUDY, rows, [row["run_id"] for row in rows], "e1", Limit(**limit))
        return [row["run_id"] for row in found.kept], found

    return run


def save(results, run_id, name):
    for end in ("pt", "sha256"):
        io.write_text(results / "runs" / run_id / "checkpoints" / f"{name}.{end}", "")


def write_outcome(folder, status):
    told = Outcome(run_id=folder.name, status=status, samples_seen=1, steps=1, finished="", resolved={})
    io.write_json(folder / "outcome.json", told.model_dump(mode="json"))


def score(results, run_id):
    write_outcome(results / "runs" / run_id, "completed")
    io.write_json(results / "runs" / run_id / "evaluations/e1.json", {})


def words(found):
    return [f"{name}: {told}" for name, told in found.problems]


HOURS_12 = [row("a0", 3, "a"), row("b0", 2, "b"), row("a1", 3, "a"), row("b1", 2, "b"), row("c", 1), row("d", 1)]


@pytest.mark.parametrize(
    ("fit", "hours", "kept"),
    [
        ("drop_last", 12, ["a0", "b0", "a1", "b1", "c", "d"]),
        ("drop_last", 9.9, ["a0", "b0", "a1"]),
        ("drop_last", 3, ["a0"]),
        ("cheapest_first", 9.9, ["a0", "b0", "b1", "c", "d"]),
        ("cheapest_first", 2.5, ["c", "d"]),
        ("shrink_seeds", 11.9, ["a0", "b0", "c", "d"]),
        ("shrink_seeds", 7, ["a0", "b0", "c", "d"]),
    ],
)
def test_ways_to_fit_by_hand(held, fit, hours, kept):
    ids, found = held(HOURS_12, gpu_hours=hours, fit=fit)
    assert ids == kept
    assert found.problems == []
    reasons = {row["left_out"] for row in found.left_out}
    assert reasons == ({f"{fit}: over the limit of {hours:g} GPU-hours"} if len(kept) < 6 else set())
    assert found.caps["gpu_hours"].to_do == sum(row["predicted_gpu_hours"] for row in found.kept)


def test_a_plan_over_its_limit_is_refused_as_a_whole(held):
    ids, found = held(HOURS_12, gpu_hours=11)
    assert len(ids) == 6
    assert words(found) == [
        "gpu_hours: the plan needs 12 GPU-hours, start-up and scoring included, 1 GPU-hours over the limit of "
        "11 GPU-hours; raise it, plan fewer runs, or add `fit: drop_last`, cheapest_first or shrink_seeds to leave "
        "some out"
    ]
    assert found.caps["gpu_hours"].left == -1


@pytest.mark.parametrize(
    ("fit", "least", "smallest"),
    [("drop_last", 3, "its first run"), ("cheapest_first", 1, "its cheapest run"),
     ("shrink_seeds", 7, "one seed of each setting")],
)  # fmt: skip
def test_a_limit_that_no_part_of_the_plan_fits(held, fit, least, smallest):
    _, found = held(HOURS_12, gpu_hours=0.5, fit=fit)
    assert words(found) == [
        f"gpu_hours: the plan needs {least} GPU-hours for {smallest} alone, start-up and scoring included, "
        f"{least - 0.5} GPU-hours over the limit of "
        "0.5 GPU-hours; raise it"
    ]


TUNED = [
    row("t1", 1, purpose="tuning"), row("t2", 1, purpose="tuning"), row("a0", 4, "a", needs=["t1", "t2"]),
    row("a1", 4, "a", needs=["t1", "t2"]), row("u1", 1, purpose="tuning"), row("u2", 1, purpose="tuning"),
    row("b0", 2, "b", needs=["u1", "u2"]), row("b1", 2, "b", needs=["u1", "u2"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fit", "hours", "kept"),
    [
        ("drop_last", 15, ["t1", "t2", "a0", "a1", "u1", "u2", "b0"]),
        ("drop_last", 13, ["t1", "t2", "a0", "a1"]),
        ("cheapest_first", 13, ["t1", "t2", "a0", "u1", "u2", "b0", "b1"]),
        ("cheapest_first", 11, ["u1", "u2", "b0", "b1"]),
        ("cheapest_first", 5, ["u1", "u2", "b0"]),
        ("shrink_seeds", 10, ["t1", "t2", "a0", "u1", "u2", "b0"]),
    ],
)
def test_trials_stay_with_the_runs_that_need_them_and_go_with_them(held, fit, hours, kept):
    assert held(TUNED, gpu_hours=hours, fit=fit)[0] == kept


def test_a_run_that_is_another_ones_trial_is_kept_for_either(held):
    rows = [row("t1", 1), row("t2", 1, purpose="tuning"), row("a", 2, needs=["t1", "t2"]), row("b", 9)]
    assert held(rows, gpu_hours=4, fit="drop_last")[0] == ["t1", "t2", "a"]
    assert held(rows, gpu_hours=1, fit="drop_last")[0] == ["t1"]


def test_what_has_ended_stays_and_costs_no_more(held, tmp_path):
    score(tmp_path, "a1")
    assert held(HOURS_12, gpu_hours=5, fit="drop_last")[0] == ["a0", "b0", "a1"]
    for name in ("a0", "b0", "b1", "c", "d"):
        score(tmp_path, name)
    ids, found = held(HOURS_12, gpu_hours=0.001)
    assert (len(ids), found.problems) == (6, [])


def test_what_was_spent_and_reserved_comes_off_the_limit(held, tmp_path):
    account, an_hour = Account(tmp_path, STUDY), Amounts(gpu_hours=1, device_hours=1, kwh=0.5)
    with account.reserve("a0", Due(an_hour=an_hour, hours=3), time.monotonic() - 4 * 3600):
        pass
    score(tmp_path, "a0")
    with account.reserve("b0", Due(an_hour=an_hour, hours=2), time.monotonic()):
        ids, found = held(HOURS_12, gpu_hours=10, fit="drop_last")
        assert ids == ["a0", "b0", "a1"]
        assert found.caps["gpu_hours"] == pytest.approx((10, 4, 2, 3), abs=1e-3)
        _, refused = held(HOURS_12, gpu_hours=10)
    assert words(refused) == [
        "gpu_hours: the plan needs 13 GPU-hours (6 GPU-hours spent or reserved, 7 GPU-hours to do), start-up and "
        "scoring included, 3 GPU-hours over the limit of 10 GPU-hours; raise it, plan fewer runs, or add "
        "`fit: drop_last`, cheapest_first or shrink_seeds to leave some out"
    ]


def test_a_run_that_has_begun_costs_what_is_left_of_its_steps_and_all_that_is_beside_them(held, tmp_path):
    rows = [row("a0", 3, beside=(0.25, 0.75)), row("b0", 2)]
    attempt = {"started": "", "host": "", "first_sample": 0, "last_sample": 900, "wall_hours": 1}
    io.write_json(tmp_path / "runs" / "a0" / "attempts.json", [attempt])
    assert held(rows, gpu_hours=10)[1].caps["gpu_hours"].to_do == 5, "it left no checkpoint"
    save(tmp_path, "a0", "samples-000000000000750")
    assert held(rows, gpu_hours=10)[1].caps["gpu_hours"].to_do == 5 - 0.75 * 2


def test_a_trained_run_costs_its_scoring_until_it_is_scored_for_this_study(held, tmp_path):
    rows, folder = [row("a0", 3, beside=(0.25, 0.75))], tmp_path / "runs" / "a0"
    write_outcome(folder, "completed")
    io.write_json(folder / "evaluations/e2.json", {})
    assert held(rows, gpu_hours=10)[1].caps["gpu_hours"].to_do == 1
    assert [name for name, _ in held(rows, gpu_hours=0.5)[1].problems] == ["gpu_hours"]
    score(tmp_path, "a0")
    assert held(rows, gpu_hours=0.5)[1].caps["gpu_hours"].to_do == 0
    write_outcome(folder, "diverged")
    (folder / "evaluations/e1.json").unlink()
    assert held(rows, gpu_hours=0.5)[1].caps["gpu_hours"].to_do == 0, "there is nothing to score"


def test_a_spent_cap_lets_those_end_that_have_nothing_left_to_do(held, tmp_path):
    io.write_json(tmp_path / STUDY / "ledger.json", {"runs": {"a0": {"spent": {"gpu_hours": 101}}}})
    save(tmp_path, "a0", "final")
    io.write_json(tmp_path / "runs/a0/checkpoints/outcome.json", {})
    io.write_json(tmp_path / "runs/a0/evaluations/e1.json", {})
    ids, found = held([row("a0", 3)], gpu_hours=100)
    assert (ids, found.problems) == (["a0"], [])
    assert held([row("b0", 3), row("a0", 3)], gpu_hours=100, fit="drop_last")[0] == ["a0"]


def test_several_caps_hold_at_once(held):
    rows = [row(f"r{i}", 2, gpus=2, dollars=10) for i in range(4)]
    assert held(rows, gpu_hours=100, dollars=25, fit="drop_last")[0] == ["r0", "r1"]
    assert held(rows, kwh=3, dollars=100, fit="drop_last")[0] == ["r0", "r1", "r2"]
    assert [name for name, _ in held(rows, gpu_hours=1, dollars=1, kwh=1)[1].problems] == [
        "gpu_hours",
        "dollars",
        "kwh",
    ]


def test_wall_hours_are_those_of_a_schedule(held):
    rows = [row(f"r{i}", 2, gpus=2) for i in range(5)]
    assert held(rows, wall_hours=6, gpus=4)[1].caps["wall_hours"].to_do == 6  # two at once: 2 + 2 + 1
    assert held(rows, wall_hours=5, gpus=5)[1].caps["wall_hours"].to_do == 6  # a GPU is left over
    assert held(rows, wall_hours=3, gpus=10)[1].caps["wall_hours"].to_do == 2
    assert held(rows, wall_hours=4, gpus=4, fit="drop_last")[0] == ["r0", "r1", "r2", "r3"]
    assert held(TUNED, wall_hours=100, gpus=4)[1].caps["wall_hours"].to_do == 5  # trials of all first, then the runs


def test_a_cap_that_nothing_can_be_counted_against(held):
    _, found = held([row("r0", 2, gpus=2)], dollars=10, fit="drop_last")
    assert words(found) == ["dollars: h100 has no price; give it in hardware.yaml as `prices: {h100: ...}`"]
    _, found = held([row("r0", 2, gpus=8)], wall_hours=10, gpus=4)
    assert words(found) == ["gpus: a run takes 8 GPUs at once, got 4; give at least 8"]
    _, found = held([row("r0", 2, threads=2)], wall_hours=10, gpus=1)
    assert words(found) == ["gpus: a run takes 2 CPU threads at once, got 1; give at least 2"]


def test_a_schedule_waits_for_devices_and_for_what_a_job_needs():
    jobs = [Job("t", 1, 1), Job("a", 2, 2, ("t",)), Job("b", 1, 1)]
    assert finish(jobs, 2) == 4
    assert finish([jobs[0], jobs[2], jobs[1]], 2) == 3
    assert finish([Job("a", 1, 4)], 2) == 1, "a job that asks for more devices than there are holds them all"
    assert finish([Job("a", 1, 1)], 2, busy=[5.0]) == 5
    assert finish([], 2) == 0


def test_many_runs_fill_a_limit_and_stay_in_the_order_of_the_grid(held):
    rows = [row(f"r{i}", 1 + i % 7, f"s{i // 4}") for i in range(2000)]
    total = sum(row["predicted_gpu_hours"] for row in rows)
    for fit in ("drop_last", "cheapest_first", "shrink_seeds"):
        ids, found = held(rows, gpu_hours=total / 2, fit=fit)
        assert 0.49 * total < found.caps["gpu_hours"].to_do <= total / 2
        assert ids == [row["run_id"] for row in rows if row["run_id"] in set(ids)]
