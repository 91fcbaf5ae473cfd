"""The learning rate that trials choose, and what is told when they cannot."""

import pytest

from study import io
from study.errors import PlanError
from study.records import Outcome, Tuning, run_id
from study.train.device import place
from study.train.run import Switches, train_run
from study.train.tuned import tuned

RATES = (1e-3, 1e-3, 2e-3, 2e-3)  # of four trials


class Trials:
    """Four trials on disk, by number; each with its rate."""

    def __init__(self, runs, specs):
        self.runs, self.specs = runs, specs
        self.ids = [run_id(spec) for spec in specs]
        self.tuning = Tuning(runs=tuple(sorted(self.ids)), dataset="set/validation", metrics=("a", "b"))

    def end(self, number, values, status="completed", finished="now", dataset="set/validation"):
        """A trial's outcome and scores."""
        name, folder = self.ids[number], self.runs / self.ids[number]
        outcome = Outcome(run_id=name, status=status, samples_seen=1, steps=1, finished="now", resolved={})
        io.write_json(folder / "spec.json", self.specs[number].model_dump(mode="json"))
        io.write_json(folder / "outcome.json", outcome.model_dump(mode="json"))
        scores = [{"dataset": dataset, "metric": m, "value": v, "n": 10} for m, v in values.items()]
        io.write_json(folder / "scores.json", {"run_id": name, "outcome_finished": finished, "scores": scores})


@pytest.fixture
def trials(tmp_path, make_spec):
    specs = [make_spec(lr=lr, seed=seed) for seed, lr in enumerate(RATES)]
    return Trials(tmp_path / "results" / "runs", specs)


def test_the_best_mean_over_seeds_and_metrics_wins(trials):
    for number, (a, b) in enumerate([(0.2, 0.4), (0.2, 0.2), (0.9, 0.0), (0.0, 0.4)]):
        trials.end(number, {"a": a, "b": b})
    chosen = tuned(trials.tuning, trials.runs)
    assert chosen.lr == 2e-3
    assert chosen.tried == pytest.approx({1e-3: 0.25, 2e-3: 0.325})


def test_of_equal_rates_the_smaller_one(trials):
    for number in range(4):
        trials.end(number, {"a": 0.5, "b": 0.5})
    assert tuned(trials.tuning, trials.runs).lr == 1e-3


def test_a_rate_that_fails_once_is_out(trials):
    for number in range(3):
        trials.end(number, {"a": 0.1 + number, "b": 0.1})
    trials.end(3, {}, status="out_of_memory")
    chosen = tuned(trials.tuning, trials.runs)
    assert (chosen.lr, chosen.tried[2e-3]) == (1e-3, None)


def test_when_all_fail_there_is_no_rate(trials):
    for number in range(4):
        trials.end(number, {}, status="diverged")
    with pytest.raises(PlanError, match=r"none of the trials .* completed: r.*; try smaller rates under tune.lr"):
        tuned(trials.tuning, trials.runs)


def test_a_trial_that_has_not_ended_is_named(trials):
    missing = trials.tuning.runs[-1]
    for number, name in enumerate(trials.ids):
        if name != missing:
            trials.end(number, {"a": 0.1, "b": 0.1})
    with pytest.raises(PlanError, match=f"of which {missing} has not ended yet; run it first: study train {missing}"):
        tuned(trials.tuning, trials.runs)


@pytest.mark.parametrize(
    "fault",
    [{"values": {"a": 0.1}}, {"finished": "before"}, {"dataset": "set/test"}, {"values": {"a": 0.1, "b": None}}],
)
def test_a_missing_or_stale_score_is_told_and_never_zero(trials, fault):
    for number in range(4):
        trials.end(number, **{"values": {"a": 0.1, "b": 0.1}, **(fault if number == 2 else {})})
    name = trials.ids[2]
    with pytest.raises(
        PlanError, match=rf"trial {name} has no . on set/validation; evaluate it: study evaluate {name}"
    ):
        tuned(trials.tuning, trials.runs)


def test_a_tuned_run_follows_its_trials(planned_run, trials):
    """It trains with the rate they choose; a lost outcome is put back unless they choose anew."""
    path = planned_run(lr=None, tuning=trials.tuning, samples_seen=32)
    for number, lr in enumerate(RATES):
        trials.end(number, {"a": lr, "b": lr})
    switches = Switches(lambda: place("cpu", 1), print)
    first = train_run(path, path.parents[2], switches).outcome
    assert first.resolved["lr"] == 2e-3
    assert first.resolved["lr_tried"] == pytest.approx({"0.001": 1e-3, "0.002": 2e-3})
    (path.parent / "outcome.json").unlink()
    assert train_run(path, path.parents[2], switches).outcome == first
    (path.parent / "outcome.json").unlink()
    for number in (0, 1):
        trials.end(number, {"a": 0.9, "b": 0.9})
    assert train_run(path, path.parents[2], switches).outcome.resolved["lr"] == 1e-3
