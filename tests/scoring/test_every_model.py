"""Every model of open_clip can score, or is refused with what is missing; published weights are taken as they say."""

import json
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import requires
from pathlib import Path
from threading import Thread

import open_clip
import pytest
import timm
import torch
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from open_clip.transform import PreprocessCfg

from study.cli import main
from study.errors import DataError, PlanError
from study.models.on_meta import on_meta
from study.scoring import hub
from study.scoring.published import prepared, taken
from study.scoring.request import OpenClipRef

NAMES = open_clip.list_models()
SEVERAL = {"ViT-H-14", "ViT-H-14-quickgelu", "ViT-L-14"}  # published weights that take images in several ways
SIGLIP = "ViT-B-16-SigLIP"


def config_of(name):
    return json.loads((Path(open_clip.__file__).parent / "model_configs" / f"{name}.json").read_text())


def size_of(name):
    return config_of(name)["vision_cfg"].get("image_size", 224)


@pytest.mark.parametrize("name", NAMES)
def test_text_and_images_of_a_model_are_ways_that_are_known(name):
    config, found = config_of(name), hub.reads(name)
    hub.check_packages(name)  # no package is missing here
    assert found.tower == config["text_cfg"].get("hf_model_name")
    assert found.tokenizer or not (found.tower or "siglip" in name.lower())  # open_clip would fetch one unasked
    assert config["vision_cfg"].get("timm_model_name", "test_vit") in timm.list_models()
    images = prepared({**asdict(PreprocessCfg()), "size": size_of(name)})
    assert (images.frame.height, images.frame.width, images.frame.mode) == (size_of(name), size_of(name), "shortest")


@pytest.mark.parametrize("name", [name for name in NAMES if list_pretrained_tags_by_model(name)])
def test_published_weights_are_taken_as_open_clip_takes_them(name):
    for tag in list_pretrained_tags_by_model(name):
        config, found = get_pretrained_cfg(name, tag), taken(OpenClipRef(model=name, pretrained=tag))
        images = prepared({**asdict(PreprocessCfg()), "size": size_of(name), **found.images})
        assert (images.frame.mode, images.frame.interpolation) == (config["resize_mode"], config["interpolation"])
        assert (images.mean, images.std) == (tuple(config["mean"]), tuple(config["std"]))
        assert found.quick_gelu == config.get("quick_gelu", False)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_taken_as_all_published_weights_of_its_model(name, tmp_path):
    file = tmp_path / "weights.pt"
    file.touch()
    tags = list_pretrained_tags_by_model(name)
    by = OpenClipRef(model=name, pretrained=str(file))
    if name in SEVERAL:
        with pytest.raises(DataError, match=f"{name} take images in several ways; say which the file does: --as-tag"):
            taken(by)
    for tag in tags if name in SEVERAL else tags[:1]:
        own = taken(OpenClipRef(model=name, pretrained=tag))
        assert taken(by.model_copy(update={"as_tag": tag})) == own
        assert name in SEVERAL or taken(by).images == own.images
    assert tags or taken(by) == ({}, False)


def test_ways_that_nobody_publishes_are_refused():
    config = {**asdict(PreprocessCfg()), "size": (224, 160), "mean": 0.5, "interpolation": "random"}
    assert prepared(config).words.startswith("shortest 224x160 bicubic; mean 0.5 0.5 0.5; std")
    with pytest.raises(PlanError, match="resized by 'cover' with 'bicubic', which is not done here"):
        prepared({**config, "resize_mode": "cover"})


def test_a_package_that_is_missing_is_named_with_its_command(monkeypatch):
    monkeypatch.setattr(hub, "HUB", ("a-package-that-nobody-has",))
    hub.check_packages("ViT-B-32")
    with pytest.raises(DataError, match=f"{SIGLIP} reads .* pip install a-package-that-nobody-has"):
        hub.check_packages(SIGLIP)


def test_transformers_is_installed_wherever_the_program_is():
    assert any(line.startswith("transformers") for line in requires("clip-benchmark"))


@pytest.fixture
def asked(tmp_path, pairs, monkeypatch):
    """A function that scores with a model and no cache; what it exits with."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    weights = tmp_path / "weights.pt"
    weights.touch()

    def score(model, *more, pretrained=weights):
        given = ["--model", model, "--pretrained", str(pretrained), "--device", "cpu", *more]
        return main(["data", "score", "table", "--set", f"path={pairs}", *given])

    return score


def test_a_tokenizer_that_is_not_here_is_named(asked, capsys):
    assert asked(SIGLIP) == 2
    said = capsys.readouterr().err
    assert f"{SIGLIP} takes its tokenizer from 'timm/{SIGLIP}' of a model hub, and it is not on this machine" in said
    assert "to fetch it add --download" in said


@pytest.mark.parametrize(
    ("model", "more", "message"),
    [
        ("ViT-B-32", ("--as-tag", "laion9b"), "--as-tag laion9b: no tag of ViT-B-32; its tags: openai"),
        ("ViT-L-14", (), "--as-tag laion2b_s32b_b82k (mean (0.5, 0.5, 0.5), std (0.5, 0.5, 0.5))"),
    ],
)
def test_how_a_file_takes_images_is_asked_for(asked, capsys, model, more, message):
    assert asked(model, *more) == 2
    assert message in capsys.readouterr().err


class Hub(BaseHTTPRequestHandler):
    """A hub that has nothing and counts what it is asked for."""

    asked: list = []  # noqa: RUF012

    def do_GET(self):
        self.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


def test_nothing_is_asked_of_a_hub_without_leave(asked, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        assert asked("ViT-B-32", pretrained="laion2b_e16") == 2
        assert Hub.asked == []
        assert asked("ViT-B-32", "--download", pretrained="laion2b_e16") == 2
        assert Hub.asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.sweep
@pytest.mark.parametrize("name", NAMES)
def test_a_model_embeds_what_it_is_given(name):
    if hub.reads(name).tower:
        with pytest.raises(DataError, match="takes its text tower from"):
            hub.check_tower(OpenClipRef(model=name, pretrained=""))
        return
    with on_meta(), torch.no_grad():
        model = open_clip.create_model(name, load_weights=False, pretrained_text=False, device="meta")
        frame = prepared(model.visual.preprocess_cfg).frame
        images = model.eval().encode_image(torch.zeros(2, 3, frame.height, frame.width))
        texts = model.encode_text(
            torch.zeros(2, config_of(name)["text_cfg"].get("context_length", 77), dtype=torch.long)
        )
    assert images.shape == texts.shape == (2, config_of(name)["embed_dim"])
