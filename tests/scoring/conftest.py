"""A table of pictures with captions, random weights of open_clip's smallest model in a file, and a trained run."""

import io

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

MODEL = "ViT-S-32-alt"


def picture(seed, size=(40, 48)):
    file = io.BytesIO()
    levels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def write_pairs(path):
    images = [picture(row) for row in range(24)]
    images[5] = images[5][:40]
    pl.DataFrame({"image": images, "caption": [f"a picture of {row} things" for row in range(24)]}).write_parquet(path)
    return path


@pytest.fixture
def pairs(tmp_path):
    """24 pairs, the sixth of which has no image that can be read."""
    return write_pairs(tmp_path / "pairs.parquet")


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """A file of weights as open_clip's trainer saves them."""
    import open_clip

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny.pt"
    model = open_clip.create_model(MODEL, pretrained_text=False)
    torch.save({"state_dict": model.state_dict(), "epoch": 1}, path)
    return path
