"""Frames that other models take: open_clip's own preparation of images, within what decoding at reduced size costs."""

import io
import itertools

import numpy as np
import pytest
from open_clip.transform import image_transform
from PIL import Image

from study.data.decoding import Frame, decode
from tests.data.photos import encoded, made, real

MODES, KINDS, SIDES = ("shortest", "squash", "longest"), ("bicubic", "bilinear"), ((64, 64), (224, 224), (48, 80))
FRAMES = [Frame(*sides, mode, kind, 99) for mode, kind, sides in itertools.product(MODES, KINDS, SIDES)]
OTHERWISE = Frame(48, 80, "shortest", "bilinear", 99)  # open_clip takes bicubic there, whatever is asked for
LYING = {3: (False, Image.Transpose.ROTATE_180), 6: (True, Image.Transpose.ROTATE_270)}


def theirs(image, frame):
    """Levels by open_clip's transform for evaluation."""
    side = frame.height if frame.height == frame.width else (frame.height, frame.width)
    transform = image_transform(side, False, (0.0,) * 3, (1.0,) * 3, frame.mode, frame.interpolation, frame.fill)
    return transform(image).permute(1, 2, 0).numpy() * 255


def apart(ours, expected):
    assert ours.shape == expected.shape
    return np.abs(ours - expected).mean()


@pytest.mark.parametrize("frame", [frame for frame in FRAMES if frame != OTHERWISE], ids=str)
def test_photographs_differ_little_from_open_clips_preparation(frame):
    for photo in real():
        content = encoded(photo, quality=90)
        assert apart(decode(content, frame), theirs(Image.open(io.BytesIO(content)), frame)) < 4


@pytest.mark.parametrize("frame", [frame for frame in FRAMES if frame != OTHERWISE], ids=str)
@pytest.mark.parametrize("shape", [(300, 200), (200, 301), (31, 40), (90, 1)])
def test_an_image_of_another_format_is_exactly_open_clips(frame, shape):
    image = made(300, 301).crop((0, 0, *shape))
    assert apart(decode(encoded(image, "PNG"), frame), theirs(image, frame)) < (
        0.25 if frame.mode == "shortest" else 1e-4
    )


@pytest.mark.parametrize("frame", [Frame(48, 80, mode, fill=7) for mode in ("centre", *MODES)], ids=str)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", LYING)
def test_metadata_turn_an_image_before_it_is_fitted(frame, kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = made(401, 300)
    found = decode(encoded(image, kind, exif=exif), frame)
    assert apart(found.astype(int), decode(encoded(image.transpose(LYING[orientation][1]), "PNG"), frame)) < 2


def test_padding_is_the_fill_colour_on_both_sides():
    found = decode(encoded(Image.new("RGB", (30, 61), "red"), "PNG"), Frame(61, 64, "longest", fill=8))
    assert (found[:, :17] == 8).all()
    assert (found[:, 47:] == 8).all()
    assert (found[:, 17:47] == (255, 0, 0)).all()


def test_a_stray_byte_falls_to_pillow_in_every_mode():
    content = encoded(made(400, 300), quality=90)
    spoilt = content[:-2] + b"\0" * 40 + content[-2:]
    for mode in MODES:
        frame = Frame(48, 80, mode)
        assert apart(decode(spoilt, frame).astype(int), decode(content, frame)) < 2
