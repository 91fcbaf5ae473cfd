"""What every architecture must do: the small members on the CPU, published ones on the meta device."""

import pytest
import torch

from study.models import FAMILIES, SMALL_FAMILIES, build, resolve, tokenizer
from study.records import PluginRef

SMALL = [name for family in SMALL_FAMILIES for name in FAMILIES.load(family)().names()]
PUBLISHED = [
    "RN50",
    "ViT-B-32",
    "ViT-B-16-SigLIP",
    "coca_ViT-B-32",
    "convnext_tiny",
    "swin_base_patch4_window7_224",
    "vit_relpos_medium_patch16_cls_224",
    "timm:resnet18",
    "timm:vit_tiny_patch16_224",
    "timm:mobilenetv3_small_100",
]


def arch_of(name, **options):
    return resolve(PluginRef(name=name, options=options))


def inputs(arch, device="cpu", pairs=2):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(pairs, 3, arch.image_size, arch.image_size, generator=generator)
    tokens = torch.randint(1, 500, (pairs, arch.text_length), generator=generator)
    return images.to(device), tokens.to(device)


@pytest.mark.parametrize("name", SMALL)
def test_features_are_those_of_open_clip(name):
    arch = arch_of(name)
    model = build(arch).eval()
    images, tokens = inputs(arch)
    image, text = model.image(images), model.text(tokens)
    torch.testing.assert_close(image.projected, model.clip.encode_image(images), rtol=0, atol=1e-6)
    torch.testing.assert_close(text.projected, model.clip.encode_text(tokens), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", [*SMALL, *PUBLISHED])
def test_the_description_is_what_is_built(name):
    arch = arch_of(name)
    model = build(arch, device="meta").eval()
    images, tokens = inputs(arch, "meta")
    image, text = model.image(images), model.text(tokens)
    assert image.backbone.shape == (2, arch.image_width)
    assert text.backbone.shape == (2, arch.text_width)
    assert image.projected.shape == text.projected.shape == (2, arch.embed_dim)
    assert model.has_batch_norm == arch.has_batch_norm
    assert arch.family in {"vit", "resnet", "convnext", "swin", "other"}
    if arch.can_drop_patches:
        keep = torch.zeros(2, 3, dtype=torch.int64, device="meta")
        assert model.image(images, keep).projected.shape == image.projected.shape


@pytest.mark.parametrize("name", SMALL)
def test_weights_depend_on_the_seed_alone(name):
    arch = arch_of(name)
    torch.manual_seed(1)
    first = build(arch, seed=3).state_dict()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    again, other = build(arch, seed=3).state_dict(), build(arch, seed=4).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", SMALL)
def test_training_passes_are_repeatable(name):
    arch = arch_of(name)
    model = build(arch).train()
    images, _ = inputs(arch, pairs=4)
    assert torch.equal(model.image(images).projected, model.image(images).projected)


@pytest.mark.parametrize("name", SMALL)
def test_texts_may_be_shorter_than_the_tower(name):
    arch = arch_of(name)
    model = build(arch).eval()
    tokens = tokenizer(arch)(["a red apple", "grinning face"])
    assert tokens.shape == (2, arch.text_length)
    assert tokens.max() < arch.config["text_cfg"]["vocab_size"]
    short = model.text(tokens[:, :10]).projected
    torch.testing.assert_close(short, model.text(tokens).projected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_images_of_another_size(name):
    arch = arch_of(name)
    model = build(arch, image_size=48, text_length=9).eval()
    assert model.image(torch.zeros(1, 3, 48, 48)).projected.shape == (1, arch.embed_dim)
    assert model.text(torch.ones(1, 9, dtype=torch.int64)).projected.shape == (1, arch.embed_dim)


def test_small_members_share_one_text_tower():
    texts = [arch_of(name).config["text_cfg"] for name in SMALL]
    assert all(text == texts[0] for text in texts)
