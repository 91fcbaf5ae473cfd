"""A grid's claim: kept in the plan, no part of a run's identity, its mistakes told with their places."""

import pytest

from study.errors import GridError

HEAD = """\
claim:
  statement: Better is more.
  citation: arXiv:2404.08197
  caveat: Small.
  measure: {dataset: embedded/test, metric: text_retrieval_recall_at_5}
  arms:
    half: {quality_share: 0.5}
    all: {sub_grid: everything}
  parts: [{name: difference, arm: half, baseline: all}]
"""
PLAIN = "evaluation: [embedded/test]\ncommon: {source: embedded, arch: vit_pico, strategy: clip, samples_seen: 1280}\n"
GRID = "[{name: better half, quality: 0.5, seed: [0, 1]}, {name: everything, seed: [0, 1]}]"


def told(planned, head, grid=GRID):
    with pytest.raises(GridError) as caught:
        planned(grid, head=head + PLAIN)
    return [line.removeprefix("small.yaml:") for line in caught.value.problems]


def test_a_claim_changes_no_run_and_is_in_the_plans_facts(planned):
    from study.plan.write import facts

    without = planned(GRID, head=PLAIN, name="plain")
    plan = planned(GRID, head=HEAD + PLAIN)
    assert facts(without)["claim"] is None
    assert [row["run_id"] for row in plan.rows] == [row["run_id"] for row in without.rows]
    kept = facts(plan)["claim"]
    assert kept["arms"] == {"half": {"quality_share": [0.5]}, "all": {"sub_grid": ["everything"]}}
    assert kept["parts"] == [
        {"name": "difference", "arm": "half", "baseline": "all", "alternative": "greater", "margin": 0.0}
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("baseline: all", "baseline: alll",
         "9:51: claim.parts.0.baseline: unknown arm 'alll'; did you mean all or half?"),
        ("quality_share", "quality_shar", "7:12: claim.arms.half.quality_shar: unknown column 'quality_shar'"),
        ("name: difference", "name: diference",
         "9:11: claim.parts.0: unknown statistic 'diference'; did you mean difference"),
        ("arm: half, ", "", "9:11: claim.parts.0.arm: is missing"),
        ("0.5}\n", "0.7}\n", "7:11: claim.arms.half: selects no run; the study has quality_share 0.5, 1.0"),
        ("quality_share: 0.5", "quality_share: best",
         "7:11: claim.arms.half: a value is of another kind than its column: quality_share (float64)"),
        ("{quality_share: 0.5}", "{arch: vit_pico}",
         "7:11: claim.arms.half: selects several runs of one seed, which differ in sub_grid, quality_share, "
         "unique_pairs; select by these, too"),
        ("embedded/test,", "embedded/tests,", "5:22: claim.measure.dataset: unknown evaluation set of this study "),
        ("text_retrieval_recall_at_5", "recall", "5:45: claim.measure.metric: unknown headline metric 'recall'"),
        ("  parts", "    some: {arch: vit_pico}\n  parts",
         "9:5: claim.arms.some: is in no part of the claim; leave it out"),
        ("statement", "statment", "2:3: claim.statment: unknown key; did you mean statement?"),
    ],
)  # fmt: skip
def test_mistakes_of_a_claim(planned, old, new, problem):
    assert old in HEAD
    found = told(planned, HEAD.replace(old, new, 1))
    assert any(line.startswith(problem) for line in found), found
