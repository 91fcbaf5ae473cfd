"""Decoding at reduced size: the pixels of a full decode within a tolerance, upright, for every kind of JPEG."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from study.data.decoding import decode
from tests.data.photos import encoded, made, real


def full(content, size):
    """All of the image by Pillow, antialiased bicubic resize."""
    with Image.open(io.BytesIO(content)) as image:
        upright = ImageOps.exif_transpose(image)
        return np.asarray(ImageOps.fit(upright.convert("RGB"), (size, size), Image.Resampling.BICUBIC))


def apart(content, size):
    """Mean absolute difference of pixels, in levels."""
    return np.abs(decode(content, size).astype(int) - full(content, size)).mean()


@pytest.mark.parametrize("size", [32, 48, 64, 112, 160, 224])
def test_photographs_differ_little_from_a_full_decode(size):
    found = [apart(encoded(photo, quality=90), size) for photo in real()]
    assert max(found) < 4
    assert np.mean(found) < 2.5


@pytest.mark.parametrize("shape", [(512, 384), (640, 427), (427, 640), (501, 333), (224, 224), (1000, 301)])
@pytest.mark.parametrize("size", [64, 224])
def test_any_shape_keeps_its_place(shape, size):
    content = encoded(made(*shape), quality=90)
    assert apart(content, size) < 1.7
    moved = np.abs(decode(content, size)[:, 1:].astype(int) - full(content, size)[:, :-1]).mean()
    assert apart(content, size) < moved / 2


def test_what_is_not_reduced_is_nearly_the_same():
    assert apart(encoded(made(260, 226), quality=95), 224) < 0.15
    assert np.array_equal(decode(encoded(made(64, 64)), 64), full(encoded(made(64, 64)), 64))


def test_smaller_images_grow():
    assert apart(encoded(made(40, 30)), 64) < 0.5


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"optimize": True}])
def test_kinds_of_jpeg(options):
    assert apart(encoded(made(400, 300), quality=90, **options), 64) < 2


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_colours_of_jpeg(mode):
    assert apart(encoded(made(400, 300).convert(mode), quality=90), 64) < 1.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_metadata_turn_the_image(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert apart(encoded(made(400, 300), quality=90, exif=exif), 48) < 1.5


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_other_formats_are_exactly_what_pillow_makes(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {} if kind in ("BMP", "GIF") else {"exif": exif}
    content = encoded(made(90, 70), kind, **options)
    assert np.array_equal(decode(content, 32), full(content, 32))


@pytest.mark.parametrize("size", [1, 2, 7, 33])
@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 9), (8, 8), (17, 5), (600, 2)])
def test_every_size_of_every_shape(shape, size):
    assert decode(encoded(made(600, 600).crop((0, 0, *shape))), size).shape == (size, size, 3)
