"""Scores by open_clip's models with weights of the user's, against open_clip itself."""

import io
import json

import open_clip
import polars as pl
import pytest
import torch
from PIL import Image

from study.cli import main
from study.errors import DataError
from study.records import PluginRef
from study.scoring.request import OpenClipRef, Request
from study.scoring.share import Share
from study.scoring.work import score_share
from tests.scoring.conftest import MODEL, write_pairs

COLUMN = "similarity_vit_s_32_alt_tiny"
GOOD = [row for row in range(24) if row != 5]


@pytest.fixture(scope="module")
def given(tmp_path_factory, weights):
    """A table that was scored by the command, with two processes, and what it printed."""
    path = write_pairs(tmp_path_factory.mktemp("pool") / "pairs.parquet")
    asked = ["table", "--set", f"path={path}", "--model", MODEL, "--pretrained", str(weights), "--device", "cpu"]
    return path, ["data", "score", *asked, "--threads", "1", "--json"]


@pytest.fixture(scope="module")
def scored(given):
    path, command = given
    assert main([*command, "--processes", "2"]) == 0
    return pl.read_parquet(path.with_suffix(".scores.parquet"))


def in_process(path, weights, column, out=None):
    source = PluginRef(name="table", options={"path": str(path)})
    by = OpenClipRef(model=MODEL, pretrained=str(weights))
    request = Request(
        source=source, results=path.parent, by=by, column=column, out=out, device="cpu", threads=1, chunk=5
    )
    told = []
    score_share(request, Share(), told.append)
    return told


def test_scores_are_those_of_open_clip_itself(scored, given, weights):
    model, _, transform = open_clip.create_model_and_transforms(MODEL, str(weights), weights_only=True)
    model.eval()
    table = pl.read_parquet(given[0])
    images = torch.stack([transform(Image.open(io.BytesIO(table["image"][row]))) for row in GOOD])
    texts = open_clip.get_tokenizer(MODEL)([table["caption"][row] for row in GOOD])
    with torch.no_grad():
        expected = torch.cosine_similarity(model.encode_image(images), model.encode_text(texts))
    assert scored[COLUMN].gather(GOOD).to_list() == pytest.approx(expected.tolist(), abs=1e-3)
    assert scored[COLUMN].std() > 0.005  # what is compared is more than one number


def test_a_failed_image_has_a_reason_in_the_place_of_a_score(scored):
    assert scored[COLUMN].is_null().to_list() == [row == 5 for row in range(24)]
    assert scored[f"{COLUMN}_missing"].is_not_null().to_list() == [row == 5 for row in range(24)]
    assert scored[f"{COLUMN}_model"].unique().to_list() == [MODEL]
    assert len(scored[f"{COLUMN}_weights"][0]) == 64


def test_the_same_command_again_only_tells(scored, given, capsys):
    path, command = given
    written = path.with_suffix(".scores.parquet").stat().st_mtime_ns
    assert main([*command, "--dry-run"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert (planned["pairs"], planned["pairs_left"], planned["column"]) == (24, 0, COLUMN)
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pairs"], told["kept"], told["scored"]) == (24, 24, 0)
    assert sum(told["without_score"].values()) == 1
    assert path.with_suffix(".scores.parquet").stat().st_mtime_ns == written


def test_a_second_model_adds_its_column_and_chunks_change_nothing(scored, weights, tmp_path):
    path = write_pairs(tmp_path / "pairs.parquet")
    scored.write_parquet(path.with_suffix(".scores.parquet"))
    in_process(path, weights, "again")
    found = pl.read_parquet(path.with_suffix(".scores.parquet"))
    assert found.select(scored.columns).equals(scored)
    assert found["again"].to_numpy() == pytest.approx(scored[COLUMN].to_numpy(), abs=1e-5, nan_ok=True)


def test_other_weights_do_not_go_under_the_same_name(scored, weights, tmp_path):
    path = write_pairs(tmp_path / "pairs.parquet")
    scored.write_parquet(path.with_suffix(".scores.parquet"))
    state = torch.load(weights, weights_only=True)
    state["state_dict"]["logit_scale"] += 1
    torch.save(state, tmp_path / "other.pt")
    with pytest.raises(DataError, match="holds the scores of other weights"):
        in_process(path, tmp_path / "other.pt", COLUMN)
    how = pl.lit("squash 224x224 bicubic").alias(f"{COLUMN}_how")
    scored.with_columns(how).write_parquet(path.with_suffix(".scores.parquet"))
    with pytest.raises(
        DataError, match=r"other ways \(squash 224x224 bicubic; now it is shortest 224x224 bicubic; mean"
    ):
        in_process(path, weights, COLUMN)


def test_a_pickle_is_not_executed(pairs, tmp_path):
    ran = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    torch.save({"state_dict": Hostile()}, tmp_path / "hostile.pt")
    with pytest.raises(DataError, match="cannot be loaded into"):
        in_process(pairs, tmp_path / "hostile.pt", "s")
    assert not ran.exists()


def test_weights_of_another_model_are_refused(pairs, weights, tmp_path):
    state = torch.load(weights, weights_only=True)["state_dict"]
    torch.save({name: tensor for name, tensor in state.items() if "resblocks.9" not in name}, tmp_path / "less.pt")
    with pytest.raises(DataError, match=f"cannot be loaded into {MODEL}"):
        in_process(pairs, tmp_path / "less.pt", "s")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say who scores"),
        (["--model", MODEL], "belong together"),
        (["--model", "ViT-S-32-alr", "--pretrained", "x"], "did you mean ViT-S-32"),
        (["--run", "r0123456789ab"], "no run r0123456789ab"),
    ],
)
def test_mistakes_say_the_way_out(capsys, pairs, arguments, message):
    assert main(["data", "score", "table", "--set", f"path={pairs}", *arguments, "--device", "cpu"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pretrained", "message"),
    [
        ("nothing", "neither a file nor a tag of ViT-B-32; its tags: openai"),
        ("laion2b_e16", "to fetch them add --download"),
    ],
)
def test_weights_that_are_not_here_are_not_fetched_unasked(capsys, pairs, monkeypatch, tmp_path, pretrained, message):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    asked = ["--model", "ViT-B-32", "--pretrained", pretrained, "--device", "cpu"]
    assert main(["data", "score", "table", "--set", f"path={pairs}", *asked]) == 2
    assert message in capsys.readouterr().err
