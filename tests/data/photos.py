"""Photographs: the real ones that come with scikit-learn and matplotlib, and made ones of any size."""

import io
from pathlib import Path

import matplotlib
import numpy as np
import sklearn.datasets
from PIL import Image


def real():
    """Three photographs, 427 to 600 pixels high."""
    shown = Path(sklearn.datasets.__file__).parent / "images"
    paths = shown / "china.jpg", shown / "flower.jpg", Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg"
    images = []
    for path in paths:
        with Image.open(path) as image:
            images.append(image.convert("RGB"))
    return images


def made(width, height, seed=0):
    """Something like a photograph: 1/f textures in colour."""
    chance = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1
    noise = np.fft.rfft2(chance.standard_normal((3, height, width))) / frequency**1.5
    texture = np.fft.irfft2(noise, (height, width))
    texture = (texture - texture.mean((1, 2), keepdims=True)) / texture.std((1, 2), keepdims=True)
    levels = 128 + 45 * texture[:1] + 25 * texture
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8).transpose(1, 2, 0))


def encoded(image, kind="JPEG", **options):
    """The bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
