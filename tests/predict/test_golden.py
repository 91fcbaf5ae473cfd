"""Predictions of the golden cases, number for number: the page's planner must give the same."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from study.hardware import Device
from study.predict import EvaluationSet, Evidence, Job, Measured, Work, predict
from study.predict.mfu import published_model
from study.predict.mfu_fit import fit_published

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())


def flat(value, name=""):
    """Leaves of nested data by their path."""
    if isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {path: leaf for key, part in items for path, leaf in flat(part, f"{name}.{key}").items()}
    return {name: value}


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["case"])
def test_a_case_is_predicted_as_it_is_written_down(case):
    given = case["work"]
    sets = tuple(EvaluationSet(*one) for one in given["evaluation"])
    work = Work(Job(**given["job"]), given["samples_seen"], given["train_flops"], sets)
    measured = [Measured(**one | {"job": Job(**one["job"])}) for one in case["measured"]]
    found = asdict(predict(work, Device(**case["device"]), Evidence.of(measured)))
    expected = case["prediction"]
    assert found.pop("evidence") == expected.pop("evidence")
    assert found == pytest.approx(expected, rel=1e-6)  # a solver's last digits differ by machine


def test_the_line_through_published_runs_is_as_it_is_written_down():
    found, expected = flat(asdict(published_model())), flat(GOLDEN["published_model"])
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_stored_line_is_that_of_the_published_runs():
    found, fitted = flat(asdict(published_model())), flat(asdict(fit_published()))
    assert found == pytest.approx(fitted, rel=1e-6), "run: python scripts/fit_published.py"


def test_predicting_needs_no_torch():
    code = (
        "import sys; from study.hardware import DEVICES; from study.predict import Evidence, predict, Work, Job; "
        f"job = Job(**{GOLDEN['cases'][6]['work']['job']!r}); "
        "print(predict(Work(job, 1000, 1e15), DEVICES['h100'], Evidence.of([])).gpu_hours > 0, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
