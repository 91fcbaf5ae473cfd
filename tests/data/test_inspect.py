"""``study data``: the numbers are those of the source."""

import json
import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from study.cli import main
from study.data.spread import histogram
from study.data.subset import ensure
from tests.data import shards


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


def test_a_subset_is_written_for_datacomps_tools(capsys, tmp_path, embedded):
    out, results = tmp_path / "best.npy", tmp_path / "results"
    place = ["--out", str(out), "--results", str(results)]
    found = shown(capsys, "subset", "embedded", "--quality", "0.3", "--size", "0.5", *place)
    stored = np.load(out)
    assert stored.dtype == np.dtype("u8,u8")
    assert [f"{hi:016x}{lo:016x}" for hi, lo in stored.tolist()] == ensure(
        results, embedded, 0.3, found["pairs"]
    ).uids()
    assert len(list((results / "subsets").glob("*.npy"))) == 1


def test_a_table_is_inspected_with_its_settings(capsys, tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("image,text,s\na.png,a,1\nb.png,b b,3\n,c,2\n")
    settings = [f"path={path}", "caption_column=text", "score_column=s"]
    found = shown(capsys, "inspect", "table", *(word for setting in settings for word in ("--set", setting)))
    assert found["pool"] == 2
    assert found["left_out"] == {"no image or no caption": 1}
    assert (found["score"]["mean"], found["caption_words"]["max"]) == (2.0, 2.0)


def test_shards_are_described_and_tried(capsys, tmp_path, embedded):
    rows = list(shards.pairs(embedded, 40))
    rows[3]["image"] = rows[3]["image"][:40]
    rows[4]["caption"] = rows[5]["caption"]
    rows[7]["image"], rows[7]["kind"] = rows[6]["image"], rows[6]["kind"]
    shards.write_img2dataset(tmp_path / "pool", "00000", rows, similarity=[row / 40 for row in range(40)])
    settings = ["--set", f"shards={tmp_path / 'pool'}", "--set", "score_column=similarity"]
    place = ["--results", str(tmp_path / "results"), "--page", str(tmp_path / "out" / "page.html")]
    found = shown(capsys, "inspect", "webdataset", *settings, *place)
    assert (found["pool"], found["described"], found["repeated_captions"]) == (40, 40, 1)
    assert found["repeated_images"] == 1
    assert found["noise"] is None  # nobody marked it
    assert found["bytes"] == (tmp_path / "pool" / "00000.tar").stat().st_size
    assert {"caption", "key", "similarity", "width"} <= set(found["columns"])
    assert (found["image_width"]["max"], found["image_aspect"]["max"]) == (48.0, 1.0)
    assert found["score"]["median"] == pytest.approx(0.4875, abs=1e-4)
    assert (found["tried"]["images"], found["tried"]["unreadable"], found["tried"]["share"]) == (40, 1, 0.025)
    page = (tmp_path / "out" / "page.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 3 * 24 - page.count('<div class="empty">')
    assert all(f"<h2>{title}</h2>" in page for title in ("At random", "Best scores", "Worst scores"))
    assert "1 of 40 tried at random" in page
    assert re.search(r"<dt>shards</dt><dd>/.*/pool</dd>.*<dt>score_column</dt><dd>similarity</dd>", page, re.DOTALL)
    assert found["options"]["score_column"] == "similarity"
    assert "No score" not in page


def test_pairs_without_a_score_have_a_place_of_their_own(capsys, tmp_path, embedded):
    shards.write_img2dataset(tmp_path / "pool", "00000", shards.pairs(embedded, 3))
    place = ["--results", str(tmp_path / "results"), "--page", str(tmp_path / "page.html")]
    shown(capsys, "inspect", "webdataset", "--set", f"shards={tmp_path / 'pool'}", *place)
    words = re.sub(r"\s+", " ", (tmp_path / "page.html").read_text())
    assert "<h3>No score</h3> <p>3 of 3 pairs have none</p>" in words


def test_captions_are_shown_as_they_are_not_as_the_page(capsys, tmp_path, embedded):
    rows = list(shards.pairs(embedded, 1))
    rows[0]["caption"] = "<script>alert(1)</script>"
    shards.write_tar(tmp_path / "pool" / "0.tar", shards.members(rows))
    place = ["--results", str(tmp_path / "results"), "--page", str(tmp_path / "page.html")]
    shown(capsys, "inspect", "webdataset", "--set", f"shards={tmp_path / 'pool'}", *place)
    page = (tmp_path / "page.html").read_text()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("values", [[1, 1, 1], [1, 2, 300], list(range(1000)), [0.5], [0.1, 0.9, 0.4]])
def test_a_histogram_counts_every_value_once(values):
    found = histogram(pl.Series(values))
    assert sum(found["counts"]) + found["beyond"] == len(values)
    assert found["first"] <= min(values)


def test_nothing_known_has_no_histogram():
    assert histogram(pl.Series([None, None], dtype=pl.Float32)) is None


def test_the_table_on_a_terminal_has_every_fact(capsys):
    assert main(["data", "inspect", "embedded"]) == 0
    printed = capsys.readouterr().out
    assert "noise: boilerplate" in printed
    assert [line for line in printed.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "embeded"], "did you mean embedded"),
        (["inspect", "embedded", "--set", "fold=9"], "embedded.fold: "),
        (["inspect", "embedded", "--set", "fold"], "KEY=VALUE"),
        (["inspect", "embedded", "--page", "p3"], "--page p3: the name of a page ends in .html, such as p3.html"),
        (["inspect", "table", "--set", "pairs=5"], "only declares 5 pairs"),
        (["subset", "embedded", "--out", "best.csv"], "--out best.csv: the name of a file of ids ends in .npy"),
        (["subset", "embedded", "--size", "many"], "--size must be"),
        (["subset", "embedded", "--size", "10M"], "10000000 pairs are asked for"),
        (["subset", "embedded", "--quality", "1.5"], "--quality: must be above 0 and at most 1, got '1.5'"),
        (["reshard", "embedded", "--out", "o", "--max-unreadable", "2"], "--max-unreadable: must be at least 0"),
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
