"""Models of open_clip's other kinds: the scores that open_clip itself gives, by its own preparation and encoding."""

import io
import json
import subprocess
import sys

import polars as pl
import pytest

from study.cli import main
from tests.data.photos import made
from tests.scoring import tiny

WAYS = {
    "siglip": "squash 32x32 bicubic; mean 0.5",
    "coca": "longest 32x32 bilinear, filled with 99",
    "roberta": "shortest 160",
}


def encoded(image, kind):
    file = io.BytesIO()
    image.save(file, kind, quality=95)
    return file.getvalue()


@pytest.fixture
def table(tmp_path):
    """Wide and tall textures, PNGs and then JPEGs large enough to be decoded at reduced size."""
    shapes = [(120, 60), (50, 90), (64, 64)]
    images = [encoded(made(*shapes[row % 3], seed=row), "PNG") for row in range(9)]
    images += [encoded(made(8 * shapes[row % 3][0], 8 * shapes[row % 3][1], seed=row), "JPEG") for row in range(9)]
    captions = [f"a picture of {row} things" for row in range(18)]
    pl.DataFrame({"image": images, "caption": captions}).write_parquet(tmp_path / "pairs.parquet")
    return tmp_path / "pairs.parquet"


@pytest.mark.slow
@pytest.mark.parametrize("kind", WAYS)
def test_scores_are_open_clips_own(kind, table, tmp_path):
    folder = tmp_path / kind
    command = [sys.executable, "-m", "tests.scoring.tiny", kind, str(folder), str(table)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = json.loads(done.stdout.splitlines()[-1])
    asked = ["table", "--set", f"path={table}", "--model", f"local-dir:{folder}", "--column", "s"]
    assert main(["data", "score", *asked, "--device", "cpu", "--threads", "1", "--json"]) == 0
    found = pl.read_parquet(table.with_suffix(".scores.parquet"))
    assert found["s"].to_list()[:9] == pytest.approx(expected[:9], abs=2e-4)
    assert found["s"].to_list() == pytest.approx(expected, abs=0.03)  # random towers feel a level of a JPEG
    assert found["s"].std() > 0.02  # what is compared is more than one number
    assert found["s_how"][0].startswith(WAYS[kind])


def test_a_folder_without_a_configuration_is_named(table, tmp_path, capsys):
    asked = ["table", "--set", f"path={table}", "--model", f"local-dir:{tmp_path}", "--device", "cpu"]
    assert main(["data", "score", *asked]) == 2
    assert f"{tmp_path}/open_clip_config.json does not exist" in capsys.readouterr().err


def test_a_folder_without_weights_is_named(table, tmp_path, capsys):
    (tiny.siglip(tmp_path / "m") / "open_clip_pytorch_model.bin").unlink()
    asked = ["table", "--set", f"path={table}", "--model", f"local-dir:{tmp_path / 'm'}", "--device", "cpu"]
    assert main(["data", "score", *asked]) == 2
    assert f"{tmp_path / 'm'} has no weights" in capsys.readouterr().err
