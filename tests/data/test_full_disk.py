"""Files of data where there is no room for them."""

import resource
from contextlib import contextmanager

import numpy as np
import polars as pl
import pytest

from study.data import spill
from study.data.ids import IDS
from study.data.pixels import decoded
from study.data.tables.file import TableFile
from study.data.tables.formats import KINDS
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


@pytest.mark.parametrize("size", [0, 512])  # which of them fails: a write, or the end of a file
def test_rows_that_are_sorted_in_files_tell_of_a_full_disk(tmp_path, size):
    rows = np.random.default_rng(0).integers(2**64, size=(2000, 2), dtype=np.uint64).view(IDS)[:, 0]
    parts = spill.divided(iter(np.split(rows, 4)), len(rows), IDS, tmp_path, 100)
    with room(size), pytest.raises(StorageError, match=rf"cannot write {tmp_path}: File too large"):
        next(parts)
    assert not list(tmp_path.iterdir())


def test_a_table_that_is_converted_tells_of_a_full_disk_and_of_no_fault_in_it(tmp_path):
    path = tmp_path / "pairs.csv"
    pl.DataFrame({"image": [f"{row}.png" for row in range(50_000)], "caption": "one"}).write_csv(path)
    table = TableFile(path, dict.fromkeys(KINDS) | {"image": "image", "caption": "caption"})
    with room(10_000), pytest.raises(StorageError, match=r"cannot write .*\.parquet: File too large"):
        table.as_parquet(tmp_path / "made")
    assert not list((tmp_path / "made").iterdir())
