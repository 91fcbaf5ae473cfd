"""The command and the page, from made-up tables."""

import json
import re

import polars as pl
import pytest

from study.cli import main

PARTS = {
    "score": [{"name": "difference", "arm": "new", "baseline": "old"}],
    "cost": [{"name": "cost_ratio", "arm": "new", "baseline": "old", "cost": "train_hours", "at_most": 1.05}],
}
OLD = [0.20, 0.21, 0.19, 0.20, 0.22, 0.21, 0.20, 0.19]
NEW = [score + 0.05 + step / 1000 for step, score in enumerate(OLD)]


@pytest.fixture
def claims(claim_writer, tmp_path):
    """A folder with two claims that were run and one that was not."""
    for name, parts in PARTS.items():
        (tmp_path / "grids").mkdir(exist_ok=True)
        (tmp_path / f"grids/{name}.yaml").write_text("")
        hours = [0.01 + step / 1e4 for step in range(8)]
        arms = {"new": {"scores": NEW, "train_hours": hours}, "old": {"scores": OLD}}
        claim_writer(tmp_path / "results", arms, parts, name=name, statement="New beats <old> & all.")
    (tmp_path / "grids/waiting.yaml").write_text("")
    return tmp_path


def command(folder, *more):
    return main(
        ["claims", str(folder / "grids"), "--results", str(folder / "results"), "--out", str(folder / "out"), *more]
    )


def test_the_page_says_what_holds_and_why(claims, capsys):
    assert command(claims) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(claims / "out/claims/index.html")
    page = (claims / "out/claims/index.html").read_text()
    assert (
        "Of 3 findings, 1 holds, 0 do not hold at this scale, for 1 there is not enough evidence, and 1 is not run."
        in page
    )
    assert "New beats &lt;old&gt; &amp; all." in page
    assert "<old>" not in page
    assert 'href="https://arxiv.org/abs/2404.08197"' in page
    assert "not planned yet; run it: snakemake" in page
    assert not re.search(r'(src|href)="(?!#|figures/|tables/|https://arxiv\.org/)', page)
    for name in (
        "figures/scores.svg",
        "figures/costs.svg",
        "tables/claims.csv",
        "tables/scores.tex",
        "tables/costs.csv",
    ):
        assert (claims / "out/claims" / name).stat().st_size


def test_the_table_and_the_json_agree(claims, capsys):
    assert command(claims, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    table = pl.read_parquet(claims / "results/claims.parquet")
    assert [one["verdict"] for one in told] == table["verdict"].to_list()
    assert told[1]["parts"][0]["by_seed"]["7"] == pytest.approx(0.057)
    assert told[1]["p_holm"] == 3 / 256
    assert table.filter(study="waiting")["p_holm"].to_list() == [None]


def test_a_page_before_anything_was_run(claims, capsys):
    for name in PARTS:
        (claims / f"results/{name}/plan.json").unlink()
    assert command(claims) == 0
    assert "Nothing to draw yet" in (claims / "out/claims/index.html").read_text()


def test_an_interaction_shows_the_effect_of_each_end_beside_its_p(claim_writer, tmp_path, capsys):
    ends = {"first": {"arm": "a", "baseline": "b"}, "then": {"arm": "c", "baseline": "d"}}
    scores = {"a": NEW, "b": OLD, "c": OLD, "d": NEW}
    (tmp_path / "grids").mkdir()
    (tmp_path / "grids/both.yaml").write_text("")
    arms = {arm: {"scores": given} for arm, given in scores.items()}
    claim_writer(tmp_path / "results", arms, [{"name": "interaction", **ends}], name="both")
    assert command(tmp_path) == 0
    page = (tmp_path / "out/claims/index.html").read_text()
    at_ends = "a &gt; b: +5.4 points (+5.2 to +5.5), p = 0.00391, and c &gt; d: −5.4 points (−5.5 to −5.2), p = 1"
    assert f"0.0 points in sum ({at_ends})" in page
    assert at_ends.replace("&gt;", ">") in (tmp_path / "out/claims/tables/scores.csv").read_text()
    capsys.readouterr()
    assert command(tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)[0]["parts"][0]["conditions"]
    assert [round(one["effect"], 4) for one in told] == [0.0535, -0.0535]
