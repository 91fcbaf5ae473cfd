"""``study data``: the numbers are those of the source."""

import json
import subprocess
import sys

import pytest

from study.cli import main


def shown(capsys, *arguments):
    assert main(["data", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_inspect_counts_the_embedded_data(capsys, embedded):
    found = shown(capsys, "inspect", "embedded")
    assert found["pool"] == found["splits"]["train"] == embedded.pool().height
    assert found["fingerprint"] == embedded.fingerprint()
    assert sum(row["pairs"] for row in found["noise"]) == found["pool"]
    assert found["evaluation_sets"]["embedded/test"] == found["splits"]["test"]


def test_subset_counts_exactly(capsys, embedded):
    pool = embedded.pool().height
    assert shown(capsys, "subset", "embedded", "--size", "0.25")["pairs"] == round(pool / 4)
    assert shown(capsys, "subset", "embedded", "--size", "1K")["pairs"] == 1000
    assert shown(capsys, "subset", "embedded", "--size", "1.0")["pairs"] == pool


def test_a_table_is_inspected_with_its_settings(capsys, tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("image,text,s\na.png,a,1\nb.png,b b,3\n,c,2\n")
    settings = [f"path={path}", "caption_column=text", "score_column=s"]
    found = shown(capsys, "inspect", "table", *(word for setting in settings for word in ("--set", setting)))
    assert found["pool"] == 2
    assert found["left_out"] == {"no image or no caption": 1}
    assert (found["score"]["mean"], found["caption_words"]["max"]) == (2.0, 2.0)


def test_the_table_on_a_terminal_has_every_fact(capsys):
    assert main(["data", "inspect", "embedded"]) == 0
    assert "noise: boilerplate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "embeded"], "did you mean embedded"),
        (["inspect", "embedded", "--set", "fold=9"], "embedded.fold: "),
        (["inspect", "embedded", "--set", "fold"], "KEY=VALUE"),
        (["inspect", "table", "--set", "pairs=5"], "only declares 5 pairs"),
        (["subset", "embedded", "--size", "many"], "--size must be"),
        (["subset", "embedded", "--size", "10M"], "10000000 pairs are asked for"),
        (["subset", "embedded", "--quality", "1.5"], "--quality must be"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(capsys, arguments, message):
    assert main(["data", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_sources_load_no_torch():
    load = "from study.data import SOURCES; [SOURCES.load(name) for name in SOURCES.names()]"
    script = f"import sys; {load}; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "'torch'" not in done.stdout
