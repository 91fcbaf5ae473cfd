"""Tiny data sets on disk, in the layouts that clip-benchmark reads."""

import io
import json
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

FACES = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"]  # folders of fer2013


def draw(number, colour=None):
    """A picture of its own for each number: noise around a colour, its own or one that several share."""
    base = np.random.default_rng(number if colour is None else colour).integers(0, 200, size=3)
    pixels = base + np.random.default_rng(number).integers(0, 55, size=(40, 48, 3))
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.fixture
def picture():
    return draw


def encoded(number):
    buffer = io.BytesIO()
    draw(number).save(buffer, format="png")
    return buffer.getvalue()


def write_tar(path, samples):
    """``samples`` are mappings of extension to bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for index, sample in enumerate(samples):
            for extension, content in sample.items():
                entry = tarfile.TarInfo(f"s{index:07d}.{extension}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))


@pytest.fixture
def faces(tmp_path):
    """fer2013: a folder a class and split, a colour a class; four images a class to train on, one to test."""
    root = tmp_path / "fer2013"
    for split, each in (("train", 4), ("test", 1)):
        for label, name in enumerate(FACES):
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(each):
                draw(10 * label + index + 100 * (split == "train"), colour=label).save(folder / f"{index}.png")
    return root


@pytest.fixture
def imagenet(tmp_path):
    """imagenet1k as torchvision leaves it: val/WNID/*.JPEG and meta.bin; three of the thousand classes."""
    root = tmp_path / "in1k"
    wnids = ["n01440764", "n01443537", "n01484850"]
    for label, wnid in enumerate(wnids):
        folder = root / "val" / wnid
        folder.mkdir(parents=True)
        draw(label).save(folder / "one.JPEG")
    torch.save(({wnid: (wnid,) for wnid in wnids}, []), root / "meta.bin")
    return root


@pytest.fixture
def flickr(tmp_path):
    """flickr30k: images beside a file of captions; two captions an image, one with a comma."""
    root = tmp_path / "flickr30k"
    root.mkdir()
    lines = ["image,caption"]
    for index in range(12):
        draw(index).save(root / f"{index}.jpg")
        lines += [f"{index}.jpg,a dog, number {index}", f"{index}.jpg,picture {index}"]
    (root / "flickr30k_test_karpathy.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def coco(tmp_path):
    """mscoco_captions: val2014/ and the annotations of Karpathy's test split."""
    root = tmp_path / "coco"
    (root / "val2014").mkdir(parents=True)
    images, annotations = [], []
    for index in range(5):
        draw(index).save(root / "val2014" / f"{index}.jpg")
        images.append({"id": index, "file_name": f"{index}.jpg"})
        annotations += [
            {"id": 2 * index + i, "image_id": index, "caption": f"caption {i} of {index}"} for i in range(2)
        ]
    content = {"images": images, "annotations": annotations}
    (root / "coco_test_karpathy.json").write_text(json.dumps(content))
    return root


@pytest.fixture
def shards(tmp_path):
    """A WebDataset folder with ten labelled images in two shards."""
    root = tmp_path / "shapes"
    samples = [{"png": encoded(index), "cls": str(index % 3).encode()} for index in range(10)]
    write_tar(root / "test" / "0.tar", samples[:6])
    write_tar(root / "test" / "1.tar", samples[6:])
    (root / "test" / "nshards.txt").write_text("2\n")
    (root / "classnames.txt").write_text("circle\nsquare\nstar\n")
    (root / "zeroshot_classification_templates.txt").write_text("a {c}\na drawing of a {c}\n")
    return root


@pytest.fixture
def captioned_shards(tmp_path):
    """A WebDataset folder with ten captioned images."""
    root = tmp_path / "captions"
    samples = [{"png": encoded(i), "txt": f"first {i}\nsecond {i}".encode()} for i in range(10)]
    write_tar(root / "test" / "0.tar", samples)
    (root / "test" / "nshards.txt").write_text("1\n")
    (root / "dataset_type.txt").write_text("retrieval\n")
    return root
