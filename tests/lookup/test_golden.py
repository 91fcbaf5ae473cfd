"""The golden answers: Python and the planner of the report page say the same of the same study.

``python scripts/golden_lookup.py`` writes them.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from study.lookup import Budget, lookup
from study.lookup.page import block

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "study/report/page"
PLANNER = [
    PAGE / f"{name}.js" for name in ("planner_words", "planner_laws", "planner_costs", "planner", "planner_reach")
]
KINDS = ("measured", "predicted", "reached")
TOLD = ("label", "note", "at_most", "train_flops", "low", "high", "gpu_hours", "gpu_hours_low", "gpu_hours_high")
ROUGH = 5e-3  # where a search for a score ends
GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())
NODE = shutil.which("node") or shutil.which("nodejs")
SAY = """
const { block, questions } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const all = (question) => ({
  measured: planner.measured(block, question), predicted: planner.predicted(block, question),
  left_out: planner.leftOut(block, question),
  reached: question.target ? plannerReach.reached(block, question) : [],
});
process.stdout.write(JSON.stringify(questions.map(all)));
"""
needs_node = pytest.mark.skipif(NODE is None, reason="node is not here to run the page's planner")


@pytest.fixture(scope="module")
def script(load_file):
    return load_file("scripts/golden_lookup.py")


@pytest.fixture(scope="module")
def results(script, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    script.planted(folder)
    return folder


def said(block, questions):
    """What the page's planner says, run by node."""
    asked = json.dumps({"block": block, "questions": questions})
    program = "\n".join([*(path.read_text() for path in PLANNER), SAY])
    done = subprocess.run([NODE, "-e", program], input=asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def same(found, expected, rel):
    """Whether options are equal in all that is golden, numbers but for their last digits."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for name, value in other.items():
            number = isinstance(value, float) or (value is not None and name in ("samples_seen", "unique_pairs"))
            known = one.get(name)  # a page leaves out what is not known
            assert known == (pytest.approx(value, rel=rel, abs=rel / 3) if number else value), (other["label"], name)


def test_python_gives_them(script, results):
    for found, expected in zip(script.answers(results), GOLDEN["answers"], strict=True):
        assert (found["question"], found["left_out"]) == (expected["question"], expected["left_out"])
        for kind in KINDS:
            same(found[kind], expected[kind], rel=1e-6)


@needs_node
def test_the_page_gives_them():
    found = said(GOLDEN["block"], [case["question"] for case in GOLDEN["answers"]])
    for answer, case in zip(found, GOLDEN["answers"], strict=True):
        assert answer["left_out"] == case["left_out"]
        for kind in KINDS:
            same(answer[kind], case[kind], rel=ROUGH if kind == "reached" else 1e-3)  # five digits on a page


def test_they_cover_ties_pools_what_is_outside_and_every_law():
    options = [one for case in GOLDEN["answers"] for one in case["predicted"]]
    pool_ends = {"the pool ends before the budget" in (one["note"] or "") for one in options}
    assert {one["tied"] for one in options} == pool_ends == {True, False}
    assert 10.01 > max(one["outside"] for one in options) > 1 in {one["outside"] for one in options}
    unknown = {one["outside"] > 1 for one in options if one["low"] is None}
    assert unknown == {True}
    assert {bool(case["left_out"]) for case in GOLDEN["answers"]} == {True, False}
    assert not GOLDEN["answers"][-1]["predicted"]
    assert any("epochs of the pool" in (one["note"] or "") for one in options)
    reached = [one for case in GOLDEN["answers"] for one in case["reached"]]
    told = (
        "not reached within",
        "not reached with this pool",
        "never tried on points held out",
        "may need less",
        "may need more",
        "outside",
        "measured",
    )
    assert all(any(words in (one["note"] or "") for one in reached) for words in told)
    assert {one["memory_gib"] for one in options} == {None, 12.5, 20.5}
    assert len({law["law"] for law in GOLDEN["block"]["laws"]}) == 6


@needs_node
def test_the_page_of_the_published_study_says_what_python_does(tmp_path):
    data = block(tmp_path, "published")
    assert len(json.dumps(data, separators=(",", ":"))) < 1_000_000  # packed in the page it is a third
    for question, answer in zip(PUBLISHED, said(data, PUBLISHED), strict=True):
        budget = Budget("gpu_hours", question["budget"])
        given = {name: question[name] for name in ("gpu", "gpus", "pairs", "target")}
        found = lookup("published", budget, tmp_path, top=5, **given)
        assert [one["label"] for one in answer["measured"]] == [one.label for one in found.measured]
        assert [one["label"] for one in answer["predicted"]] == [one.label for one in found.predicted]
        assert [one["label"] for one in answer["reached"]] == [one.label for one in found.reached]
        for one, other in zip(answer["predicted"], found.predicted, strict=True):
            assert one["score"] == pytest.approx(other.score, abs=1e-4)
            assert (one["low"], one["high"]) == pytest.approx(
                (other.low, other.high), abs=1e-3
            )  # draws are rounded on the page


PUBLISHED = [
    {"budget": 200, "gpu": "h100", "gpus": 8, "pairs": 5e7, "target": 0.6, "top": 5},
    {"budget": 5000, "gpu": "a100-80", "gpus": 64, "pairs": None, "target": 0.7, "top": 5},
]


@needs_node
def test_the_page_says_which_laws_fall_and_which_are_above_throughout_as_python_does(bent):
    question = {"budget": 40.0, "gpu": "h100", "gpus": 8, "pairs": None, "target": 0.3, "top": 20}
    [page] = said(block(bent, "planted"), [question])
    python = lookup("planted", Budget("gpu_hours", 40.0), bent, gpu="h100", target=0.3, top=20).reached
    same(page["reached"], [{name: getattr(one, name) for name in TOLD} for one in python], rel=ROUGH)
    told = " ".join(one["note"] or "" for one in page["reached"])
    assert "at most: the search ends" in told
    assert "not reached: the law's score falls with compute" in told


@needs_node
def test_the_cheapest_on_a_page_is_chosen_by_hours_before_the_cut():
    settings = [{**one, "device": "h100", "hours": [1e18 / one["train_flops"]] * 3}
                for one in GOLDEN["block"]["settings"]]  # fmt: skip
    question = {"budget": 40.0, "gpu": "h100", "gpus": 8, "pairs": None, "target": 0.3, "top": 1}
    [page] = said({**GOLDEN["block"], "settings": settings}, [question])
    most = max(one["train_flops"] for one in settings if one["score"] >= 0.3)
    assert [one["train_flops"] for one in page["reached"]] == [most]
