"""Scores by open_clip's models with weights of the user's, against open_clip itself."""

import io

import open_clip
import polars as pl
import pytest
import torch
from PIL import Image

from study.cli import main
from tests.scoring.conftest import MODEL

COLUMN = "similarity_vit_s_32_alt_tiny"


def test_scores_are_those_of_open_clip_itself(capsys, score, pairs, weights):
    score(capsys, "table", "--set", f"path={pairs}", "--model", MODEL, "--pretrained", weights)
    found = pl.read_parquet(pairs.with_suffix(".scores.parquet"))
    model, _, transform = open_clip.create_model_and_transforms(MODEL, str(weights), weights_only=True)
    model.eval()
    given = pl.read_parquet(pairs)
    rows = [row for row in range(24) if row != 5]
    images = torch.stack([transform(Image.open(io.BytesIO(given["image"][row]))) for row in rows])
    texts = open_clip.get_tokenizer(MODEL)([given["caption"][row] for row in rows])
    with torch.no_grad():
        expected = torch.cosine_similarity(model.encode_image(images), model.encode_text(texts))
    assert found[COLUMN].gather(rows).to_list() == pytest.approx(expected.tolist(), abs=0.01)
    assert found[COLUMN].std() > 0.005  # what is compared is more than one number


def test_a_failed_image_has_a_reason_in_the_place_of_a_score(capsys, score, pairs, weights):
    told = score(capsys, "table", "--set", f"path={pairs}", "--model", MODEL, "--pretrained", weights)
    found = pl.read_parquet(pairs.with_suffix(".scores.parquet"))
    assert found[COLUMN].is_null().to_list() == [row == 5 for row in range(24)]
    assert found[f"{COLUMN}_missing"].is_not_null().to_list() == [row == 5 for row in range(24)]
    assert sum(told["without_score"].values()) == told["missing"] == 1
    assert found[f"{COLUMN}_model"].unique().to_list() == [MODEL]
    assert len(found[f"{COLUMN}_weights"][0]) == 64


def test_two_processes_equal_one(capsys, score, pairs, weights, tmp_path):
    asked = ("table", "--set", f"path={pairs}", "--model", MODEL, "--pretrained", weights)
    one = score(capsys, *asked, "--out", tmp_path / "one")
    two = score(capsys, *asked, "--out", tmp_path / "two", "--processes", "2")
    assert {**one, "first_file": ""} == {**two, "first_file": ""}
    assert (tmp_path / "one" / "all.parquet").read_bytes() == (tmp_path / "two" / "all.parquet").read_bytes()


def test_a_second_model_adds_its_column(capsys, score, pairs, weights):
    asked = ("table", "--set", f"path={pairs}", "--model", MODEL, "--pretrained", weights)
    score(capsys, *asked, "--column", "one")
    before = pl.read_parquet(pairs.with_suffix(".scores.parquet"))
    score(capsys, *asked, "--column", "two")
    found = pl.read_parquet(pairs.with_suffix(".scores.parquet"))
    assert found.select(before.columns).equals(before)
    assert found["two"].equals(found["one"].alias("two"))


def test_other_weights_do_not_go_under_the_same_name(capsys, score, pairs, weights, tmp_path):
    asked = ["table", "--set", f"path={pairs}", "--model", MODEL, "--column", "s", "--pretrained"]
    score(capsys, *asked, weights)
    state = torch.load(weights, weights_only=True)
    state["state_dict"]["logit_scale"] += 1
    torch.save(state, tmp_path / "other.pt")
    assert main(["data", "score", *asked, str(tmp_path / "other.pt"), "--device", "cpu"]) == 2
    assert "holds the scores of other weights" in capsys.readouterr().err


def test_a_pickle_is_not_executed(capsys, pairs, tmp_path):
    ran = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    torch.save({"state_dict": Hostile()}, tmp_path / "hostile.pt")
    asked = ["table", "--set", f"path={pairs}", "--model", MODEL, "--pretrained", str(tmp_path / "hostile.pt")]
    assert main(["data", "score", *asked, "--device", "cpu"]) == 2
    assert "cannot be loaded into" in capsys.readouterr().err
    assert not ran.exists()


def test_a_dry_run_writes_nothing(capsys, score, pairs, weights):
    asked = ("table", "--set", f"path={pairs}", "--model", MODEL, "--pretrained", weights)
    planned = score(capsys, *asked, "--dry-run")
    assert (planned["pairs"], planned["pairs_left"], planned["column"]) == (24, 24, COLUMN)
    assert [path.name for path in pairs.parent.iterdir()] == ["pairs.parquet"]
    score(capsys, *asked)
    assert score(capsys, *asked, "--dry-run")["pairs_left"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say who scores"),
        (["--model", MODEL], "belong together"),
        (["--model", "ViT-S-32-alr", "--pretrained", "x"], "did you mean ViT-S-32"),
        (["--model", "ViT-B-32", "--pretrained", "nothing"], "neither a file nor a tag of ViT-B-32; its tags: openai"),
        (["--run", "r0123456789ab"], "no run r0123456789ab"),
    ],
)
def test_mistakes_say_the_way_out(capsys, pairs, arguments, message):
    assert main(["data", "score", "table", "--set", f"path={pairs}", *arguments, "--device", "cpu"]) == 2
    assert message in capsys.readouterr().err


def test_weights_that_were_never_fetched_are_not_fetched_unasked(capsys, pairs, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    asked = ["--model", "ViT-B-32", "--pretrained", "laion2b_e16", "--device", "cpu"]
    assert main(["data", "score", "table", "--set", f"path={pairs}", *asked]) == 2
    assert "to fetch them add --download" in capsys.readouterr().err
