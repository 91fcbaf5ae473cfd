"""From counted towers to what a step multiplies."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from benchmarks.flops import by_torch
from study.measure.counts import CountsCache, counts_key
from study.measure.flops import count
from study.models import build, resolve
from study.plan.cost import Counter, step_gmacs
from study.records import PluginRef
from study.strategies.base import Passes

ARCH = resolve(PluginRef(name="vit_pico"))


@pytest.fixture(scope="module")
def counts():
    return count(ARCH)


@pytest.fixture
def towers():
    model = build(ARCH, device="meta").eval()
    images = torch.empty(1, 3, ARCH.image_size, ARCH.image_size, device="meta")
    texts = torch.zeros(1, ARCH.text_length, dtype=torch.int64, device="meta")
    return model, lambda: model.image(images), lambda: model.text(texts)


@pytest.mark.parametrize("frozen", ["image", "text"])
def test_a_frozen_tower_is_passed_forward_alone(counts, towers, frozen):
    model, image, text = towers
    {"image": model.clip.visual, "text": model.clip.text}[frozen].requires_grad_(False)
    found = by_torch(lambda: (image().projected.sum() + text().projected.sum()).backward())
    assert step_gmacs(Passes(**{f"{frozen}_frozen": 1}), counts).total == pytest.approx(found, rel=1e-6)


def test_views_whose_backbone_is_trained_have_no_projection_behind_them(counts, towers):
    _, image, text = towers

    def step():
        views = [image().projected.sum(), *(image().backbone.sum() for _ in range(2)), text().projected.sum()]
        sum(views).backward()

    cost = step_gmacs(Passes(image=3, image_backbone=2), counts)
    assert cost.total == pytest.approx(by_torch(step), rel=1e-6)
    assert cost.image + cost.text == cost.total


def test_what_is_beside_the_towers(counts):
    cost = step_gmacs(Passes(image=0, text=0, extra_gmacs=2.0, forward_gmacs=1.0), counts)
    assert cost == (0, 0, 7)


def test_operators_that_nobody_counts_are_told_once(counts, tmp_path):
    path, told = tmp_path / "counts.json", []
    key = counts_key(ARCH, ARCH.image_size, ARCH.text_length, 1.0)
    path.write_text(json.dumps({key: asdict(replace(counts, uncounted={"aten::fft_fft": 0.02}))}))
    counter = Counter(CountsCache(path), told.append)
    for _ in range(2):
        counter.tower(ARCH, "vit_pico", ARCH.image_size, ARCH.text_length)
    (line,) = told
    assert line.startswith("vit_pico: aten::fft_fft is not counted; its results have 2.00% as many elements as ")
