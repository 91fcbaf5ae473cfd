"""Costs, FLOPs, runs that ended otherwise, laws and provenance."""

import json

import pytest

from study.compare import compare
from study.fit.run import fit


@pytest.fixture
def compared(results, write):
    """A function that compares two studies of these runs."""

    def make(ours, theirs):
        write("old", ours)
        write("new", theirs)
        return compare(results, "old", "new")

    return make


def by_cost(found):
    return {row["cost"]: row for row in found.costs.iter_rows(named=True)}


def test_cost_ratios_by_hand(compared, runs):
    ours = [*runs([0.1], arch="a", gpu_hours=1.0), *runs([0.1, 0.2], arch="b", gpu_hours=2.0)]
    theirs = [*runs([0.1], arch="a", gpu_hours=2.0), *runs([0.1, 0.2], arch="b", gpu_hours=16.0)]
    row = by_cost(compared(ours, theirs))["gpu_hours"]
    assert (row["ratio"], row["least"], row["most"]) == pytest.approx((4.0, 2.0, 8.0))  # geometric mean of 2 and 8
    assert (row["median_a"], row["median_b"], row["settings"]) == (1.5, 9.0, 2)
    assert row["low"] < 4 < row["high"]


def test_what_was_not_measured_in_one_is_left_out(compared, runs):
    ours = [*runs([0.1], arch="a", energy_kwh=1.0), *runs([0.1], arch="b")]
    theirs = [*runs([0.1], arch="a", energy_kwh=None), *runs([0.1], arch="b", energy_kwh=2.0)]
    assert "energy_kwh" not in by_cost(compared(ours, theirs))


def test_a_cost_that_is_no_number_is_not_known(compared, runs):
    ours = runs([0.1, 0.2], gpu_hours=2.0)
    theirs = [{**row, "gpu_hours": hours} for row, hours in zip(ours, (float("nan"), 4.0), strict=True)]
    found = compared(ours, theirs)
    assert by_cost(found)["gpu_hours"]["ratio"] == pytest.approx(2.0)
    assert "gpu_hours" not in by_cost(compared(ours, [{**row, "gpu_hours": float("inf")} for row in ours]))


def test_flops_that_differ_for_a_setting_are_flagged(compared, runs):
    ours = [*runs([0.1], arch="a", train_flops=1e12), *runs([None], arch="b", train_flops=1e12)]
    theirs = [*runs([0.1], arch="a", train_flops=1e12), *runs([None], arch="b", train_flops=1.0001e12)]
    found = compared(ours, theirs)
    assert found.recounted.select("arch", "train_flops_ratio").rows() == [("b", pytest.approx(1.0001))]
    assert found.changed
    assert not compared(ours, ours).changed


def test_flops_may_differ_with_what_was_ignored(results, write, runs):
    write("old", runs([0.1], samples_seen=1000, train_flops=1e12))
    write("new", runs([0.1], samples_seen=2000, train_flops=2e12))
    found = compare(results, "old", "new", ignored=["samples_seen"])
    assert found.setting_costs.select("apart", "train_flops_ratio").rows() == [("samples_seen 1000 → 2000", 2.0)]
    assert found.recounted.is_empty()


def test_runs_that_no_longer_complete_are_listed_with_the_reason(compared, runs):
    ours, theirs = runs([0.1, 0.2, None, 0.3]), runs([0.1, None, 0.2, 0.3])
    found = compared(ours, theirs)
    assert found.broken.select("seed", "status_b", "reason_b").rows() == [(1, "diverged", "the loss was NaN")]
    assert found.mended["seed"].to_list() == [2]
    assert found.changed
    assert not compared(theirs, [*theirs[:1], *ours[1:2], *theirs[2:]]).broken.height


def test_laws_of_a_group_are_told_apart(results, write, runs):
    def on_a_law(alpha):
        flops = [1e12 * 2**step for step in range(8)]
        wobble = (1.001, 0.999, 1.0005, 0.9995, 1.001, 0.999, 1.0003, 0.9997)
        errors = [10 * flop**-alpha * noise for flop, noise in zip(flops, wobble, strict=True)]
        rows = [runs([1 - error], train_flops=flop) for flop, error in zip(flops, errors, strict=True)]
        return [{**one, "samples_seen": int(one["train_flops"] / 1e9)} for row in rows for one in row]

    for name, alpha in (("old", 0.1), ("new", 0.13), ("alike", 0.1)):
        write(name, on_a_law(alpha))
        fit(results, name, ["power"])
    told = compare(results, "old", "new").laws
    assert set(told["coefficient"]) == {"beta", "alpha", "error"}
    assert told.filter(coefficient="alpha").select("a", "b", "apart").row(0) == (
        pytest.approx(0.1, abs=2e-3), pytest.approx(0.13, abs=2e-3), True
    )  # fmt: skip
    error = told.filter(coefficient="error").row(0, named=True)
    assert error["train_flops"] == 1e12 * 2**7
    assert (error["a"], error["apart"]) == (pytest.approx(10 * (1e12 * 2**7) ** -0.1, rel=1e-2), True)
    assert not any(compare(results, "old", "alike").laws["apart"])


def test_what_they_were_made_with(results, write, runs):
    versions = [json.dumps({"torch": number}) for number in ("2.15.0", "2.16.0")]
    write("old", runs([0.1, 0.2], versions=versions[0]), grid="grids/a.yaml", stamp={"program": "0.1.0 aa"})
    write("new", [{**row, "setting": "x"} for row in runs([0.1], versions=versions[1], gpu="another")])
    found = compare(results, "old", "new").provenance
    rows = {row["fact"]: row for row in found.iter_rows(named=True)}
    assert [(rows[fact]["a"], rows[fact]["b"], rows[fact]["differs"]) for fact in ("torch", "gpu", "program")] == [
        ("2.15.0", "2.16.0", True), ("a processor", "another", True), ("0.1.0 aa", None, True)
    ]  # fmt: skip
    assert (rows["arch"]["differs"], rows["seed"]["differs"], rows["finished"]["differs"]) == (False, True, None)
