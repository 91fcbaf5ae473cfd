"""The table of statistics in docs/claims.md is current, and verdicts become a table."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script(monkeypatch, load_file):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield load_file("scripts/claims.py")
    sys.modules.pop("docs", None)


def test_the_table_of_statistics_is_current(script):
    assert script.page() == (ROOT / "docs/claims.md").read_text(), "run: python scripts/claims.py"


def test_verdicts_as_a_table(script):
    import polars as pl

    row = {
        "study": "a",
        "statement": "So it is.",
        "citation": "arXiv:1",
        "verdict": "holds",
        "p_holm": 0.0088,
        "pairs": 10,
    }
    part = {"label": "x > y", "unit": "points", "effect": 0.019, "low": 0.011, "high": 0.027}
    waiting = {"study": "b", "statement": "", "citation": "", "verdict": "not enough evidence"}
    lines = script.verdicts(
        pl.DataFrame([row | part, waiting | dict.fromkeys(["p_holm", "pairs", *part])])
    ).splitlines()
    assert lines[2] == "| So it is. arXiv:1 | x > y: +1.9 points (+1.1 to +2.7) | 10 | 0.0088 | holds |"
    assert lines[3].endswith("| – | – | – | not enough evidence |")
