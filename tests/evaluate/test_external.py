import shutil

import pytest
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from open_clip.transform import image_transform

from study.data.views import normalise
from study.errors import DataError, UnknownNameError
from study.evaluate.external import open_external, pixels
from study.metrics.base import Need

# webdataset leaves the closing of its archives to the garbage collector
leaves_files_open = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def read(opened, count=4):
    batches = list(opened.batches(count))
    captions = [list(texts) for batch in batches for texts in batch.captions]
    return torch.cat([batch.images for batch in batches]), torch.cat([b.labels for b in batches]), captions


def test_pixels_are_open_clips(picture):
    reference = image_transform((16, 16), is_train=False, mean=OPENAI_DATASET_MEAN, std=OPENAI_DATASET_STD)
    for image in (picture(1), picture(2).convert("L")):
        assert torch.allclose(normalise(pixels(16)(image)[None])[0], reference(image), atol=1e-5)


def test_class_folders(faces):
    opened = open_external("fer2013", faces, size=16)
    images, labels, captions = read(opened)
    assert images.dtype == torch.uint8
    assert images.shape == (7, 3, 16, 16)
    assert labels.tolist() == list(range(7))
    assert captions == []
    assert len(opened.classnames) == 7
    assert all("{c}" in template for template in opened.templates)
    assert opened.offers == {Need.CLASSES, Need.TRAIN}
    assert len(read(opened.training())[1]) == 28


def test_imagenet_has_clip_benchmarks_names(imagenet):
    opened = open_external("imagenet1k", imagenet, size=16)
    assert opened.classnames[0] == "tench"
    assert len(opened.classnames) == 1000
    assert len(opened.templates) == 80
    assert read(opened)[1].tolist() == [0, 1, 2]


def test_flickr_captions(flickr):
    opened = open_external("flickr30k", flickr, size=16)
    images, labels, captions = read(opened)
    assert len(images) == 12
    assert len(labels) == 0
    assert captions[3] == ["a dog, number 3", "picture 3"]
    assert opened.offers == {Need.CAPTIONS}


def test_coco_captions(coco):
    images, _, captions = read(open_external("mscoco_captions", coco, size=16))
    assert len(images) == 5
    assert captions[4] == ["caption 0 of 4", "caption 1 of 4"]


@leaves_files_open
def test_webdataset_with_classes(shards):
    opened = open_external("wds/shapes", shards, size=16)
    images, labels, _ = read(opened)
    assert len(images) == 10
    assert sorted(labels.tolist()) == sorted(index % 3 for index in range(10))
    assert opened.classnames == ["circle", "square", "star"]
    assert opened.templates == ["a {c}", "a drawing of a {c}"]


@leaves_files_open
def test_webdataset_with_captions(captioned_shards):
    opened = open_external("wds/captions", captioned_shards, size=16)
    _, _, captions = read(opened)
    assert captions[9] == ["first 9", "second 9"]
    assert opened.offers == {Need.CAPTIONS}


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=f"imagenet1k: there is no folder {tmp_path}/nowhere"):
        open_external("imagenet1k", tmp_path / "nowhere", size=16)


def test_what_would_be_downloaded_is_asked_for(flickr):
    (flickr / "flickr30k_test_karpathy.txt").unlink()
    with pytest.raises(DataError, match=r"flickr30k_test_karpathy.txt is missing.*do not download"):
        open_external("flickr30k", flickr, size=16)


def test_what_a_library_misses_is_passed_on(tmp_path):
    with pytest.raises(DataError, match=r"imagenet1k in .*ILSVRC2012_devkit_t12.tar.gz is not present"):
        open_external("imagenet1k", tmp_path, size=16)
    with pytest.raises(DataError, match=r"wds/x in .*split test cannot be read: FileNotFoundError.*nshards"):
        open_external("wds/x", tmp_path, size=16)


def test_misspelt_name_gives_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean imagenet1k"):
        open_external("imagnet1k", tmp_path, size=16)


def test_damaged_image_is_named(faces):
    (faces / "test" / "happy" / "0.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match=r"fer2013 in .* cannot be read: .*happy/0.png"):
        read(open_external("fer2013", faces, size=16))


def test_missing_training_split(faces):
    shutil.rmtree(faces / "train")
    opened = open_external("fer2013", faces, size=16)
    with pytest.raises(DataError, match="split train cannot be read"):
        opened.training()
