"""The stream: any position can be reached directly."""

import numpy as np
import pytest
import torch

from study.data.stream import Stream
from study.models import resolve, tokenizer
from study.records import PluginRef


@pytest.fixture(scope="module")
def make(embedded):
    words = tokenizer(resolve(PluginRef(name="vit_pico")))
    samples = embedded.samples(embedded.pool()["uid"][:10].to_list())
    return lambda seed=0: Stream(samples, words, seed=seed, image_size=16, text_length=8)


def test_shapes_and_types(make):
    batch = make().batch(3, 4)
    assert (batch.images.shape, batch.images.dtype) == ((4, 16, 16, 3), torch.uint8)
    assert (batch.texts.shape, batch.texts.dtype) == ((4, 8), torch.int64)
    assert batch.first == 3


def test_random_access_equals_reading_through(make):
    stream = make()
    whole = stream.batch(0, 35)
    for first, count in [(0, 7), (7, 7), (28, 7), (9, 2), (3, 25)]:
        part = make().batch(first, count)
        assert torch.equal(part.images, whole.images[first : first + count])
        assert torch.equal(part.texts, whole.texts[first : first + count])


def test_every_pass_has_every_pair_once_in_an_order_of_its_own(make):
    stream = make()
    orders = [stream.order(epoch).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert len(stream) == 10


def test_seeds_differ_and_repeat(make):
    assert make(0).order(0).tolist() != make(1).order(0).tolist()
    assert make(1).order(5).tolist() == make(1).order(5).tolist()


def test_skipped_images_are_never_drawn(embedded):
    uids = embedded.pool()["uid"][:4].to_list()
    samples = embedded.samples(uids)
    good = samples.read
    samples.read = lambda row: b"broken" if row == 2 else good(row)
    stream = Stream(samples, tokenizer(resolve(PluginRef(name="vit_pico"))), seed=0, image_size=16, text_length=8)
    assert len(stream) == 3
    assert samples.skipped == {"unreadable image": 1}
    drawn = stream.batch(0, 12).images
    assert drawn.flatten(1).float().amax(dim=1).min() > 0  # skipped rows are black
    assert set(np.unique(stream.order(0))) == {0, 1, 3}
