"""Finding an architecture: names, options, sizes, and what is said when there is none."""

import subprocess
import sys

import pytest

from study.errors import PlanError, UnknownNameError
from study.models import resolve, size_problem, tokenizer, tokenizer_problem
from study.models.vocabulary import small_vocabulary_size, vocabulary_path
from study.records import PluginRef


def test_an_unknown_name_gives_the_nearest_of_all():
    with pytest.raises(UnknownNameError) as small:
        resolve(PluginRef(name="vit_nanno"))
    assert str(small.value) == (
        "unknown architecture 'vit_nanno'; did you mean vit_nano or swin_nano or convnext_nano? "
        "known: vit_femto, vit_nano, vit_pico, resnet_nano, resnet_pico, convnext_nano, convnext_pico, "
        "swin_nano, swin_pico, "
        "any model of open_clip (study models --all), any tower of timm as timm:NAME"
    )
    with pytest.raises(UnknownNameError, match="did you mean ViT-B-32"):
        resolve(PluginRef(name="ViT-B-3"))
    with pytest.raises(UnknownNameError, match="timm:resnet18"):
        resolve(PluginRef(name="timm:resnet-18"))


def test_options_belong_to_the_family():
    with pytest.raises(PlanError, match=r"architecture vit_pico\(depth=3\): depth: .*; its options: none"):
        resolve(PluginRef(name="vit_pico", options={"depth": 3}))
    with pytest.raises(PlanError, match="its options: embed_dim, projection, text"):
        resolve(PluginRef(name="timm:resnet18", options={"projection": "none"}))
    with pytest.raises(UnknownNameError, match="unknown open_clip model 'ViT-B-3'; did you mean ViT-B-32"):
        resolve(PluginRef(name="timm:resnet18", options={"text": "ViT-B-3"}))


def test_a_timm_tower_takes_any_text_tower():
    arch = resolve(PluginRef(name="timm:resnet18", options={"text": "ViT-S-16", "embed_dim": 256}))
    assert (arch.embed_dim, arch.text_width, arch.family) == (256, 384, "resnet")


def test_what_would_come_from_a_hub_is_refused_with_the_reason():
    with pytest.raises(PlanError, match="'roberta-base' from a model hub"):
        resolve(PluginRef(name="roberta-ViT-B-32"))
    siglip = resolve(PluginRef(name="ViT-B-16-SigLIP"))
    assert "'timm/ViT-B-16-SigLIP' of a model hub" in tokenizer_problem(siglip)
    assert tokenizer_problem(resolve(PluginRef(name="ViT-B-32"))) is None


@pytest.mark.parametrize(
    ("name", "size", "problem"),
    [
        ("vit_nano", 48, None),
        ("vit_nano", 30, "vit_nano needs an image size that is a multiple of 4, got 30; nearest: 28 or 32"),
        ("swin_nano", 40, "swin_nano needs an image size that is a multiple of 16, got 40; nearest: 32 or 48"),
        (
            "swin_nano",
            8,
            "swin_nano needs an image size that is a multiple of 16 and at least 16, got 8; nearest: 16",
        ),
        ("convnext_nano", 24, "convnext_nano needs an image size that is at least 32, got 24; nearest: 32"),
        ("RN50", 100, "RN50 needs an image size that is a multiple of 32, got 100; nearest: 96 or 128"),
        ("timm:mixer_b32_224", 112, "timm:mixer_b32_224 takes images of 224 px only, got 112"),
        ("ViT-SO400M-14-SigLIP-384", 384, None),
    ],
)
def test_size_problems(name, size, problem):
    assert size_problem(resolve(PluginRef(name=name)), size) == problem


def test_the_vocabulary_is_counted_as_open_clip_reads_it():
    reader = tokenizer(resolve(PluginRef(name="vit_pico")))
    assert reader.vocab_size == small_vocabulary_size()
    assert vocabulary_path().is_file()


def test_planning_names_loads_no_torch():
    code = (
        "import sys; from study.models import resolve, size_problem; from study.records import PluginRef\n"
        "for name in ('vit_nano', 'swin_nano', 'ViT-B-32', 'RN50'): size_problem(resolve(PluginRef(name=name)), 64)\n"
        "assert not {'torch', 'timm', 'open_clip'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
