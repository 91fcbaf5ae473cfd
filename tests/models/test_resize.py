"""Position tables at other sizes."""

import pytest
import torch

from study.errors import PlanError
from study.models import build, resolve
from study.models.resize import image_table, resize_image, resize_text, text_table
from study.records import PluginRef


def model_of(name, **sizes):
    return build(resolve(PluginRef(name=name)), **sizes).eval()


@pytest.mark.parametrize("name", ["vit_pico", "swin_pico", "convnext_pico", "resnet_pico"])
def test_the_same_size_changes_nothing(name):
    model = model_of(name)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    parameters = list(model.parameters())
    resize_image(model, model.image_size)
    resize_text(model, model.text_length)
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


@pytest.mark.parametrize("name", ["vit_pico", "swin_pico", "convnext_pico", "resnet_pico", "RN50"])
def test_a_resized_model_has_the_shapes_of_one_built_at_that_size(name):
    size, length = (48, 24) if name != "RN50" else (96, 24)
    model = model_of(name)
    resize_image(model, size)
    resize_text(model, length)
    built = model_of(name, image_size=size, text_length=length)
    assert {k: v.shape for k, v in model.state_dict().items()} == {k: v.shape for k, v in built.state_dict().items()}
    images, tokens = torch.zeros(1, 3, size, size), torch.ones(1, length, dtype=torch.int64)
    assert model.image(images).projected.shape == built.image(images).projected.shape
    assert model.text(tokens).projected.shape == built.text(tokens).projected.shape


def test_tables_by_hand():
    flat = torch.full((5, 2), 3.0)
    flat[0] = 7.0
    larger = image_table(flat, (2, 2), (4, 4))
    assert torch.equal(larger[0], flat[0])  # the class token
    torch.testing.assert_close(larger[1:], torch.full((16, 2), 3.0))
    ramp = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    torch.testing.assert_close(text_table(ramp, 2), torch.tensor([[0.5], [2.5]]))


def test_a_size_that_does_not_fit_is_refused():
    with pytest.raises(PlanError, match="multiple of 4, got 30"):
        resize_image(model_of("vit_pico"), 30)
    with pytest.raises(PlanError, match="multiple of 4, got 30"):
        model_of("vit_pico", image_size=30)
