"""What the page says of runs that were interrupted."""

import pytest

from study.report.cost_table import cost
from study.report.interruptions import interruptions
from study.report.study import read_study

ALONE = {"attempts": 1, "lost_steps": 0, "lost_gpu_hours": 0.0}
TWICE = {"attempts": 2, "lost_steps": 0, "lost_gpu_hours": 0.0}
KILLED = {"attempts": 3, "lost_steps": 1200, "lost_gpu_hours": 0.25}
OLD = {"attempts": 2}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([ALONE, {}], ""),
        ([ALONE, TWICE], "1 run was interrupted 1 time and lost 0 steps, 0 CPU-hours."),
        ([TWICE, KILLED], "2 runs were interrupted 3 times and lost 1,200 steps, 0.25 CPU-hours."),
        ([OLD, KILLED], "2 runs were interrupted 3 times and lost at least 1,200 steps, at least 0.25 CPU-hours."),
        ([OLD, ALONE], "1 run was interrupted 1 time."),
        (
            [KILLED, {**KILLED, "lost_gpu_hours": None}],
            "2 runs were interrupted 4 times and lost 2,400 steps, at least 0.25 CPU-hours.",
        ),
    ],
)
def test_interruptions_are_told_in_a_sentence(study_writer, results, rows, told):
    study_writer(results, [{**row, "seed": seed} for seed, row in enumerate(rows)])
    study = read_study(results, "little")
    assert interruptions(study.runs) == told
    assert told in cost(study).note
    assert ("interrupted" in cost(study).note) == bool(told)
