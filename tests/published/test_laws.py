"""The laws that come with the published study are those of its tables and of this code."""

import json

from study import published
from study.io import read_json
from study.summary.opened import open_study


def test_they_are_current(load_file):
    script = load_file("scripts/fit_published.py")
    assert read_json(script.STAMP) == script.stamp(), "run: python scripts/fit_published.py"


def test_they_open_with_the_study_and_rest_on_its_runs(tmp_path):
    laws = open_study(tmp_path, "published").laws().drop_nulls("coefficients")
    used = {run for runs in laws["points_used"] for run in json.loads(runs)}
    assert used <= set(published.runs()["run_id"])
    assert {"imagenet1k", "mscoco_captions"} <= set(laws["dataset"])
