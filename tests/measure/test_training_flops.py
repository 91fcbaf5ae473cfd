"""Training multiply-adds: forward, gradients of weights, gradients of inputs, each where there is one."""

from math import prod

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from study.measure.counts import CountsCache
from study.measure.flops import count, trace
from study.measure.recomputed import recomputed
from study.models import build, resolve
from study.models.freeze import freeze_projections
from study.records import PluginRef
from tests.measure.analytic import layers

SMALL = ["vit_pico", "resnet_pico", "convnext_pico", "swin_pico"]
LARGE = ["ViT-B-32", "RN50", "convnext_base", "swin_base_patch4_window7_224"]


def arch_of(name):
    return resolve(PluginRef(name=name))


def meta(*shape):
    return torch.empty(*shape, device="meta")


def model_and_inputs(name):
    arch = arch_of(name)
    texts = torch.zeros(1, arch.text_length, dtype=torch.int64, device="meta")
    return build(arch, device="meta").eval(), meta(1, 3, arch.image_size, arch.image_size), texts


@pytest.mark.parametrize("name", SMALL + LARGE)
def test_every_layer_three_times_but_the_first_of_the_images(name):
    model, images, texts = model_and_inputs(name)
    image = layers(model.clip.visual, lambda: model.image(images))
    image.append(model.clip.visual.proj.numel() if name.lower().startswith("vit") else 0)  # a bare matrix
    text = [*layers(model.clip.text, lambda: model.text(texts)), model.clip.text.text_projection.numel()]
    counts = count(arch_of(name))
    assert counts.image_gmacs == pytest.approx(sum(image) / 1e9, rel=1e-9)
    assert counts.image_train_gmacs == pytest.approx((3 * sum(image) - image[0]) / 1e9, rel=1e-9)
    assert counts.text_train_gmacs == pytest.approx(3 * sum(text) / 1e9, rel=1e-9)
    assert counts.train_by_module["image"][""] == counts.image_train_gmacs


def convolution_backward(out_gradient, images, weight, *more, out_shape=None, **options):
    """Torch's own formula takes a grouped convolution's gradient for a dense one's."""
    asked = more[-1][:2]  # of the input, of the weight
    return 2 * prod(out_gradient) * prod(weight[1:]) * sum(asked)


def by_torch(step, mapping=None):
    with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
        step()
    return counter.get_total_flops() / 2e9


RIGHT = {torch.ops.aten.convolution_backward: convolution_backward}


@pytest.mark.parametrize("name", [*SMALL, "RN50"])
@pytest.mark.parametrize("features", ["projected", "backbone"])
def test_torchs_own_counter_agrees_on_a_whole_step(name, features):
    model, images, texts = model_and_inputs(name)
    counts = count(arch_of(name))
    image = by_torch(lambda: getattr(model.image(images), features).sum().backward(), RIGHT)
    text = by_torch(lambda: getattr(model.text(texts), features).sum().backward())
    kind = "train" if features == "projected" else "backbone_train"
    assert getattr(counts, f"image_{kind}_gmacs") == pytest.approx(image, rel=1e-3)
    assert getattr(counts, f"text_{kind}_gmacs") == pytest.approx(text, rel=1e-3)


def test_torchs_own_counter_takes_depthwise_gradients_for_dense_ones():
    model, images, _ = model_and_inputs("convnext_nano")

    def step():
        model.image(images).projected.sum().backward()

    counts = count(arch_of("convnext_nano"))
    assert by_torch(step) > 2 * counts.image_train_gmacs
    assert by_torch(step, RIGHT) == pytest.approx(counts.image_train_gmacs, rel=1e-3)


class Attention(nn.Module):
    def forward(self, query, key, value):
        return nn.functional.scaled_dot_product_attention(query, key, value)


@pytest.mark.parametrize(
    ("asked", "products"), [((), 0), ((0,), 2), ((1,), 2), ((2,), 1), ((0, 1), 3), ((0, 1, 2), 4), ((1, 2), 3)]
)
def test_attention_has_a_gradient_for_each_operand_and_for_the_weights_between(asked, products):
    inputs = [meta(2, 3, 5, 8).requires_grad_(index in asked) for index in range(3)]
    one = 2 * 3 * 5 * 5 * 8
    assert trace(Attention(), *inputs).train_macs == ((2 + products) * one,)


class Einsum(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(meta(4, 6))

    def forward(self, x):
        return torch.einsum("bi,ij->bj", x, self.weight)


def test_products_of_other_kinds():
    assert trace(Einsum(), meta(3, 4)).train_macs == (2 * 3 * 4 * 6,)
    assert trace(Einsum(), meta(3, 4).requires_grad_()).train_macs == (3 * 3 * 4 * 6,)


class Heads(nn.Module):
    """Two results; of the second's gradient nothing comes to ``first``'s own head."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(4, 5), nn.Linear(5, 6)

    def forward(self, x):
        features = self.body(x)
        return self.head(features), features, self.head(features.detach())


def test_each_result_has_its_own_backward_pass():
    forward = 3 * (4 * 5 + 2 * 5 * 6)
    traced = trace(Heads().to("meta"), meta(3, 4), results=3)
    assert traced.macs == forward
    assert traced.train_macs == (forward + 3 * (4 * 5 + 2 * 5 * 6), forward + 3 * 4 * 5, forward + 3 * 5 * 6)


class Image(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        return self.model.image(images).projected


@pytest.mark.parametrize("frozen", ["below", "above", "all"])
def test_frozen_parts_have_no_gradients(frozen):
    model, images, _ = model_and_inputs("ViT-B-32")
    for name, parameter in model.clip.visual.named_parameters():
        upper = name.startswith(
            ("transformer.resblocks.8", "transformer.resblocks.9", "transformer.resblocks.1", "ln_post", "proj")
        )
        parameter.requires_grad_({"below": upper, "above": not upper, "all": False}[frozen])
    traced = trace(Image(model), images)
    if frozen == "all":
        assert traced.train_macs == (traced.macs,)
    else:
        found = by_torch(lambda: model.image(images).projected.sum().backward())
        assert traced.train_macs[0] / 1e9 == pytest.approx(found, rel=1e-3)
        assert traced.macs < traced.train_macs[0] < 2.9 * traced.macs


@pytest.mark.parametrize("name", ["vit_pico", "RN50", "swin_pico"])
def test_projections_that_are_frozen_cost_what_training_the_backbone_does(name):
    model, images, _ = model_and_inputs(name)
    freeze_projections(model)
    counts = count(arch_of(name))
    image = by_torch(lambda: model.image(images).backbone.sum().backward())
    assert counts.image_backbone_train_gmacs == pytest.approx(image, rel=1e-3)
    assert counts.image_backbone_train_gmacs < counts.image_train_gmacs


def test_patches_that_are_seen_ask_no_gradient_either():
    arch = arch_of("ViT-B-32")
    counts = count(arch, keep_patches=0.5)
    assert counts.image_train_gmacs == pytest.approx(3 * counts.image_gmacs - 24 * 3 * 32 * 32 * 768 / 1e9, rel=1e-9)


BLOCKS = {  # what is checkpointed, and the last product in a block, of which nothing is saved
    "vit_pico": (".resblocks", "mlp.c_proj"),
    "ViT-B-32": (".resblocks", "mlp.c_proj"),
    "convnext_nano": (".blocks", "mlp.fc2"),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_checkpointing_makes_all_of_a_block_again_but_its_last_product(name, tmp_path):
    arch, path, (container, last) = arch_of(name), tmp_path / "counts.json", BLOCKS[name]
    counts, again = CountsCache(path).count(arch), CountsCache(path).recomputed(arch)
    modules = counts.by_module["image"].items()
    blocks = sum(macs for layer, macs in modules if layer.endswith(container))
    assert again.image_gmacs == pytest.approx(blocks - sum(macs for layer, macs in modules if layer.endswith(last)))
    assert 3.6 < (counts.text_train_gmacs + again.text_gmacs) / counts.text_gmacs < 3.7
    assert CountsCache(path).recomputed(arch) == again


def test_what_cannot_be_checkpointed_is_not_made_again():
    again = recomputed(arch_of("RN50"))
    assert again.image_gmacs == 0
    assert again.text_gmacs > 0


def test_training_a_vit_with_checkpointing_is_known_over_its_forward_pass():
    counts, again = count(arch_of("ViT-B-32")), recomputed(arch_of("ViT-B-32"))
    assert (counts.image_train_gmacs + again.image_gmacs) / counts.image_gmacs == pytest.approx(3.64, abs=0.02)
