"""Decoded copies where there is no room for them."""

import resource
from contextlib import contextmanager

import numpy as np
import pytest

from study.data.pixels import decoded
from study.errors import StorageError
from tests.data.test_pixels import UIDS, read

SIDE = 16


@contextmanager
def room(size):
    """Files of so many bytes at most."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_leaves_nothing_that_could_be_taken_for_whole(tmp_path):
    expected = decoded(UIDS, read, SIDE, None)
    with room(3 * SIDE**2 * len(UIDS) // 2), pytest.raises(StorageError, match=r"cannot write .*-16\.npy: File too la"):
        decoded(UIDS, read, SIDE, tmp_path)
    assert not list(tmp_path.glob("*.npy"))
    made = decoded(UIDS, read, SIDE, tmp_path)
    assert np.array_equal(made.images, expected.images)
    assert made.skipped == expected.skipped
