"""Decoded images: right pixels, counted faults, one whole file for all processes."""

import io
import multiprocessing
import struct
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from study.data.pixels import Skip, decode, decoded
from study.data.samples import Samples
from study.errors import DataError, StorageError, UnansweredError


def encoded(colour, size=(8, 8), mode="RGB", kind="PNG"):
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, kind)
    return file.getvalue()


IMAGES = [encoded("red"), b"no image", encoded("blue"), encoded("lime")[:40]]
UIDS = [f"{number:032x}" for number in range(4)]


def read(row):
    return IMAGES[row]


def test_an_image_is_fitted_to_a_square():
    wide = Image.new("RGB", (40, 20), "white")
    wide.paste("black", (10, 0, 30, 20))
    file = io.BytesIO()
    wide.save(file, "PNG")
    assert decode(file.getvalue(), 10).max() < 30  # the black centre, with a little white at its edges


def test_transparency_becomes_white():
    assert decode(encoded((9, 9, 9, 0), mode="RGBA"), 4).min() == 255
    assert decode(encoded((9, 0), mode="LA"), 4).min() == 255


def test_other_modes_become_rgb():
    assert decode(encoded(100, mode="L"), 4).tolist() == [[[100] * 3] * 4] * 4
    assert decode(encoded("red", mode="P"), 4).shape == (4, 4, 3)


def test_what_is_no_image_is_skipped():
    for content in (b"text", encoded("red")[:40], encoded("red", kind="JPEG")[:300]):
        with pytest.raises(Skip, match="unreadable image"):
            decode(content, 4)


@pytest.mark.parametrize("cached", [False, True])
def test_corrupted_images_are_counted_and_the_others_keep_their_rows(tmp_path, cached):
    samples = Samples(UIDS, ["a", "b", "c", "d"], read, tmp_path / "pixels" if cached else None)
    images = samples.images(4)
    assert samples.usable(4).tolist() == [0, 2]
    assert samples.skipped == {"unreadable image": 2}
    assert [images[row, 0, 0].tolist() for row in (0, 2)] == [[255, 0, 0], [0, 0, 255]]
    assert images[1].max() == images[3].max() == 0


def test_the_cache_is_read_instead_of_the_images(tmp_path):
    first = decoded(UIDS, read, 4, tmp_path)
    again = decoded(UIDS, lambda row: pytest.fail("read again"), 4, tmp_path)
    assert isinstance(again.images, np.memmap)
    assert np.array_equal(first.images, again.images)
    assert first.skipped == again.skipped == {1: "unreadable image", 3: "unreadable image"}


def test_other_ids_and_sizes_have_files_of_their_own(tmp_path):
    decoded(UIDS, read, 4, tmp_path)
    decoded(UIDS, read, 5, tmp_path)
    decoded(UIDS[:2], read, 4, tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 3


def test_nothing_readable_is_an_error():
    samples = Samples(UIDS[:1], ["a"], lambda row: b"", None)
    with pytest.raises(DataError, match="none of the 1 images could be read: 1 empty image file"):
        samples.usable(4)


def _fill(folder):
    return decoded(UIDS, read, 6, folder).images.sum()


def test_two_processes_fill_the_cache_once(tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as workers:
        one, two = workers.map(_fill, [tmp_path] * 2)
    assert one == two
    assert len(list(tmp_path.glob("*.npy"))) == 1
    assert not list(tmp_path.glob("*.partial"))


@pytest.fixture
def in_twos(monkeypatch):
    """A decoded copy of so few images that grows in parts."""
    monkeypatch.setattr("study.data.pixels.CHUNK", 2)
    monkeypatch.setattr("study.data.kept_array.OFTEN", 2)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, UnansweredError])
def test_what_was_decoded_before_a_stop_stays(tmp_path, in_twos, stop):
    tried = []

    def stopped(row):
        tried.append(row)
        if row == 3:
            raise stop
        return read(row)

    with pytest.raises(stop):
        decoded(UIDS, stopped, 4, tmp_path)
    assert not list(tmp_path.glob("*.npy"))
    first, tried[:] = sorted(tried), []
    whole = decoded(UIDS, lambda row: tried.append(row) or read(row), 4, tmp_path)
    assert (first, sorted(tried)) == ([0, 1, 2, 3], [2, 3])
    assert np.array_equal(whole.images, decoded(UIDS, read, 4, None).images)
    assert whole.skipped == {1: "unreadable image", 3: "unreadable image"}
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".lock", ".npy"]


KILLED = """
import sys, time
from pathlib import Path
from study.data import kept_array, pixels
from tests.data.test_pixels import UIDS, read
pixels.CHUNK = kept_array.OFTEN = 2
def stuck(row):
    if row > 1:
        sys.stdout.write("stuck\\n")  # in one piece: several threads are
        sys.stdout.flush()
        time.sleep(600)
    return read(row)
pixels.decoded(UIDS, stuck, 4, Path(sys.argv[1]))
"""


def test_what_was_decoded_before_a_kill_stays_once(tmp_path, in_twos):
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"stuck\n"
            process.kill()
        assert len(list(tmp_path.glob(".*.partial"))) == 1
    again = []
    whole = decoded(UIDS, lambda row: again.append(row) or read(row), 4, tmp_path)
    assert sorted(again) == [2, 3]
    assert np.array_equal(whole.images, decoded(UIDS, read, 4, None).images)


def test_a_part_that_is_shorter_than_was_noted_is_made_anew(tmp_path, in_twos):
    def stopped(row):
        return read(row) if row < 2 else pytest.fail("stopped")

    with pytest.raises(pytest.fail.Exception):
        decoded(UIDS, stopped, 4, tmp_path)
    (partial,) = tmp_path.glob(".*.partial")
    partial.write_bytes(partial.read_bytes()[:-1])
    assert np.array_equal(decoded(UIDS, read, 4, tmp_path).images, decoded(UIDS, read, 4, None).images)


def test_what_is_known_of_the_images_beside_their_ids_names_the_file(tmp_path):
    decoded(UIDS, read, 4, tmp_path)
    other = decoded(UIDS, lambda row: encoded("blue"), 4, tmp_path, b"other sizes")
    assert other.images[0, 0, 0].tolist() == [0, 0, 255]


def test_a_damaged_cache_says_what_to_do(tmp_path):
    decoded(UIDS, read, 4, tmp_path)
    (path,) = tmp_path.glob("*.npy")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StorageError, match="remove it and run again"):
        decoded(UIDS, read, 4, tmp_path)


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError, ConnectionError])
def test_images_that_are_not_there_today_are_tried_again_and_no_others(tmp_path, error):
    asked = []

    def down(row):
        asked.append(row)
        if row in (0, 2):
            raise error
        return read(row)

    first, again = decoded(UIDS, down, 4, tmp_path), decoded(UIDS, down, 4, tmp_path)
    assert first.skipped == again.skipped
    assert [first.skipped[row] for row in range(4)] == ["unreadable image file", "unreadable image"] * 2
    assert Counter(asked) == {0: 2, 1: 1, 2: 2, 3: 1}
    mended = decoded(UIDS, read, 4, tmp_path)
    assert mended.skipped == {1: "unreadable image", 3: "unreadable image"}
    assert np.array_equal(mended.images, decoded(UIDS, read, 4, None).images)
    assert decoded(UIDS, lambda row: pytest.fail("read again"), 4, tmp_path).skipped == mended.skipped


def spoilt_exif():
    """A whole JPEG, to be turned, whose width is given as text: Pillow raises struct.error."""
    file = io.BytesIO()
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHI4sHHIII", 8, 2, 0x0100, 2, 4, b"abc", 0x0112, 3, 1, 6, 0)
    Image.new("RGB", (8, 8), "red").save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_spoilt_metadata_do_not_keep_an_image_from_being_read():
    found = decoded(UIDS[:1], lambda row: spoilt_exif(), 4, None)
    assert not found.skipped
    assert found.images[0, 0, 0, 0] > 200
