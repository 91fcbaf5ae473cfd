"""Dropping patches: the class token and the positions stay, the dropped ones are never computed."""

import pytest
import torch

from study.models import build, resolve
from study.models.towers import kept_patches
from study.records import PluginRef


def model_of(name, **sizes):
    return build(resolve(PluginRef(name=name)), **sizes).eval()


@pytest.fixture(scope="module")
def small():
    return model_of("vit_pico")


def images_of(model, pairs=3):
    return torch.randn(pairs, 3, model.image_size, model.image_size, generator=torch.Generator().manual_seed(0))


def test_kept_patches_are_the_convolution_at_these_places(small):
    images, conv = images_of(small), small.clip.visual.conv1
    keep = torch.tensor([[5, 0, 63], [1, 2, 3], [8, 16, 24]])
    everywhere = conv(images).flatten(2).transpose(1, 2)
    expected = torch.stack([everywhere[row, chosen] for row, chosen in enumerate(keep)])
    torch.testing.assert_close(kept_patches(conv, images, keep), expected, rtol=0, atol=1e-5)


# A class token, positions without one, a register without a class token.
@pytest.mark.parametrize(
    "name",
    ["vit_pico", "timm:vit_tiny_patch16_224", "timm:deit3_small_patch16_224", "timm:vit_wee_patch16_reg1_gap_256"],
)
def test_all_patches_are_the_whole_image(name):
    model = model_of(name)
    images = images_of(model, pairs=1)
    order = torch.randperm(model.patches(), generator=torch.Generator().manual_seed(0))[None]
    whole = model.image(images).projected
    torch.testing.assert_close(model.image(images, order).projected, whole, rtol=0, atol=1e-5)


def test_what_is_dropped_does_not_matter_and_what_is_kept_does(small):
    images = images_of(small, pairs=1)
    keep = torch.tensor([[0, 9, 18]])
    seen = small.image(images, keep).projected
    unseen, touched = images.clone(), images.clone()
    unseen[:, :, 28:, 28:] += 1.0  # patch 63
    touched[:, :, :4, :4] += 1.0  # patch 0
    assert torch.equal(small.image(unseen, keep).projected, seen)
    assert not torch.allclose(small.image(touched, keep).projected, seen, atol=1e-4)


def test_the_class_token_is_always_there(small):
    images = images_of(small)
    one = small.image(images, torch.zeros(3, 1, dtype=torch.int64)).backbone
    assert one.shape == (3, small.image_width)
    with torch.no_grad():
        changed = model_of("vit_pico")
        changed.clip.visual.class_embedding[0] += 1.0
    assert not torch.allclose(changed.image(images, torch.zeros(3, 1, dtype=torch.int64)).backbone, one, atol=1e-3)


@pytest.mark.parametrize("name", ["resnet_pico", "convnext_pico", "swin_pico"])
def test_other_towers_refuse(name):
    model = model_of(name)
    assert not model.can_drop_patches
    with pytest.raises(ValueError, match="cannot drop patches"):
        model.image(images_of(model), torch.zeros(3, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match=f"{name} cannot drop patches"):
        model.patches()


def test_patches_follow_the_size_of_the_model():
    assert model_of("vit_pico", image_size=48).patches() == 144
    assert resolve(PluginRef(name="ViT-B-32")).patches() == 49
