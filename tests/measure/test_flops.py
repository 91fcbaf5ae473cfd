"""Counted multiply-adds: by hand, against open_clip's published profile, against torch's own counter."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from study.measure.counts import CountsCache, counts_key
from study.measure.flops import count, trace
from study.models import build, resolve
from study.records import PluginRef


def arch_of(name, **options):
    return resolve(PluginRef(name=name, options=options))


def meta(*shape):
    return torch.empty(*shape, device="meta")


def test_a_linear_layer_by_hand():
    assert trace(nn.Linear(10, 7).to("meta"), meta(3, 10)).macs == 3 * 10 * 7


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_convolutions_by_hand(device):
    layers = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 5, groups=8)).to(device)
    counted = trace(layers.eval(), torch.zeros(1, 3, 16, 16, device=device))
    assert counted.macs == 16 * 16 * 8 * 3 * 9 + 12 * 12 * 8 * 25
    assert counted.by_module == {"": counted.macs, "0": 16 * 16 * 8 * 3 * 9, "2": 12 * 12 * 8 * 25}


def test_a_transposed_convolution_by_hand():
    assert trace(nn.ConvTranspose2d(4, 6, 2, stride=2).to("meta"), meta(1, 4, 5, 5)).macs == 25 * 4 * 6 * 4


class Attention(nn.Module):
    def forward(self, query, key, value):
        return F.scaled_dot_product_attention(query, key, value)


def test_attention_by_hand():
    counted = trace(Attention(), meta(2, 3, 5, 8), meta(2, 3, 7, 8), meta(2, 3, 7, 4))
    assert counted.macs == 2 * 3 * 5 * 7 * (8 + 4)


class Fourier(nn.Module):
    def forward(self, x):
        return torch.fft.fft(x).real @ x.T


def test_an_operator_that_nobody_counts_is_named():
    counted = trace(Fourier(), torch.zeros(4, 6))
    assert counted.macs == 4 * 6 * 4
    assert counted.uncounted == {"aten::fft_fft": 24, "aten::real": 24}


def test_a_resnet_50_on_the_meta_device_is_six_gmacs(tmp_path):
    counts = CountsCache(tmp_path / "counts.json").count(arch_of("RN50"))
    assert counts.image_gmacs == pytest.approx(6.11, abs=0.01)  # 0.8 where convolutions are not seen
    assert counts.by_module["image"]["layer1"] == pytest.approx(0.668, abs=1e-3)


# GFLOPs and parameters in millions of the image and the text tower: open_clip, docs/model_profile.csv.
PROFILE = {
    "ViT-B-32": (8.82, 5.96, 87.85, 63.43),
    "ViT-B-16": (35.13, 5.96, 86.19, 63.43),
    "ViT-L-14": (162.03, 13.30, 303.97, 123.65),
    "ViT-B-16-SigLIP": (35.42, 11.02, 92.88, 110.27),
    "EVA02-B-16": (35.13, 5.96, 86.26, 63.43),
    "coca_ViT-B-32": (9.19, 5.96, 89.16, 63.43),
    "RN50": (12.22, 5.96, 38.32, 63.69),
    "RN50x4": (42.56, 9.27, 87.14, 91.16),
    "convnext_base": (30.71, 5.96, 88.09, 63.43),
    "convnext_large_d": (89.76, 17.73, 199.77, 152.0),
    "swin_base_patch4_window7_224": (30.86, 9.27, 87.4, 91.16),
}


@pytest.mark.parametrize("name", PROFILE)
def test_open_clips_published_profile(name):
    counts = count(arch_of(name))
    counted = (2 * counts.image_gmacs, 2 * counts.text_gmacs, counts.image_params_m, counts.text_params_m)
    assert tuple(round(value, 2) for value in counted) == PROFILE[name]
    assert not counts.uncounted
    assert counts.by_module["image"][""] == pytest.approx(counts.image_gmacs)


@pytest.mark.parametrize("name", ["vit_nano", "resnet_nano", "convnext_nano", "swin_nano", "RN50", "convnext_tiny"])
def test_torchs_own_counter_agrees(name):
    arch = arch_of(name)
    model = build(arch, device="meta").eval()
    with FlopCounterMode(display=False) as image:
        model.image(meta(1, 3, arch.image_size, arch.image_size))
    with FlopCounterMode(display=False) as text:
        model.text(torch.zeros(1, arch.text_length, dtype=torch.int64, device="meta"))
    counts = count(arch)
    assert counts.image_gmacs == pytest.approx(image.get_total_flops() / 2e9, rel=1e-3)
    assert counts.text_gmacs == pytest.approx(text.get_total_flops() / 2e9, rel=1e-3)


def test_dropped_patches_cost_nothing():
    arch = arch_of("ViT-B-32")
    half, whole = count(arch, keep_patches=0.5), count(arch)
    width, patch, layers = 768, 3 * 32 * 32, 12
    kept, seen = 24, 25  # of 49 patches, rounded down, and the class token

    def tower(patches, tokens):
        blocks = layers * (tokens * 12 * width**2 + 2 * tokens**2 * width)
        return (patches * patch * width + blocks + width * 512) / 1e9

    assert half.image_gmacs == pytest.approx(tower(kept, seen), rel=1e-9)
    assert whole.image_gmacs == pytest.approx(tower(49, 50), rel=1e-9)
    assert half.text_gmacs == whole.text_gmacs


def test_sizes_and_lengths_count():
    arch = arch_of("vit_pico")
    assert count(arch, image_size=48).image_gmacs > count(arch).image_gmacs
    assert count(arch, text_length=8).text_gmacs < count(arch).text_gmacs


def test_counts_are_kept_and_told_apart(tmp_path):
    path, arch = tmp_path / "cache" / "counts.json", arch_of("vit_pico")
    first = CountsCache(path).count(arch)
    again = CountsCache(path)
    assert again.count(arch) == first
    assert CountsCache(path).count(arch, image_size=48) != first
    keys = {
        counts_key(arch, 32, 16, 1.0),
        counts_key(arch, 32, 16, 0.5),
        counts_key(arch, 32, 8, 1.0),
        counts_key(arch_of("vit_nano"), 32, 16, 1.0),
        counts_key(arch_of("swin_pico"), 32, 16, 1.0),
        counts_key(arch_of("swin_nano"), 32, 16, 1.0),
    }
    assert len(keys) == 6


def test_known_counts_load_no_torch(tmp_path):
    import subprocess
    import sys

    path = tmp_path / "counts.json"
    CountsCache(path).count(arch_of("vit_pico"))
    code = (
        "import sys; from pathlib import Path; from study.measure.counts import CountsCache\n"
        "from study.models import resolve; from study.records import PluginRef\n"
        f"CountsCache(Path({str(path)!r})).count(resolve(PluginRef(name='vit_pico')))\n"
        "assert not {'torch', 'timm', 'open_clip', 'fvcore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
