"""Subsets as files: made once, by several processes, resumed, and read without loading them."""

import multiprocessing
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from study import io
from study.data.index import Index
from study.data.subset import Subset, choose, ensure
from study.errors import DataError, StorageError
from tests.data.subsets import Part, expected, index_of, pool_of


@pytest.fixture
def pool():
    rng = np.random.default_rng(5)
    return pool_of(rng.choice([0.1, 0.2, 0.3, None], 400).tolist(), [rng.bytes(16).hex() for _ in range(400)])


def test_the_file_is_a_subset_in_datacomps_format(tmp_path, pool):
    subset = choose(index_of(pool, 3), 0.5, None, tmp_path / "subset.npy")
    uids = expected(pool, 0.5, None)
    stored = np.load(tmp_path / "subset.npy")
    assert stored.dtype == np.dtype("u8,u8")
    assert stored.shape == (200,)
    assert [(f"{hi:016x}{lo:016x}") for hi, lo in stored.tolist()] == uids == subset.uids()
    assert (np.sort(stored) == stored).all()
    assert isinstance(subset.ids, np.memmap)


def test_a_subset_knows_what_it_contains(tmp_path, pool):
    subset = choose(index_of(pool), 1.0, 150, tmp_path / "subset.npy")
    halves = index_of(pool).pieces[0].read()
    inside = subset.contains(halves["uid_hi"].to_numpy(), halves["uid_lo"].to_numpy())
    assert pool.filter(inside)["uid"].sort().to_list() == subset.uids()
    assert len(subset) == 150
    first, last = subset.ids[0], subset.ids[-1]
    hi = np.array([first["f0"], first["f0"], last["f0"], 0, 2**64 - 1], np.uint64)
    lo = np.array([first["f1"], first["f1"] + 1, last["f1"], 0, 2**64 - 1], np.uint64)
    assert subset.contains(hi, lo).tolist() == [True, False, True, False, False]
    assert subset.contains(hi[:0], lo[:0]).tolist() == []


@pytest.mark.usefixtures("in_files")
def test_several_processes_choose_the_same(tmp_path, pool, monkeypatch):
    monkeypatch.setattr("study.data.subset.batches.BATCH", 100)
    one = choose(index_of(pool, 4), 0.6, 100, tmp_path / "one.npy", processes=1)
    two = choose(index_of(pool, 4), 0.6, 100, tmp_path / "two.npy", processes=2)
    assert one.uids() == two.uids() == expected(pool, 0.6, 100)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.npy", "two.npy"]


@pytest.fixture
def in_files(monkeypatch):
    """Parts in files, as those of pools that are not chosen from in a second."""
    monkeypatch.setattr("study.data.subset.choice.AT_ONCE", 0)


@dataclass(frozen=True)
class Watched(Part):
    """Notes when it is read; cannot be read while ``broken`` exists."""

    log: Path | None = None
    broken: Path | None = None

    def read(self):
        if self.broken.exists():
            raise DataError(f"{self.name} is gone")
        io.append_line(self.log, self.name)
        return super().read()


@pytest.mark.usefixtures("in_files")
def test_what_was_done_before_an_interruption_is_kept(tmp_path, pool, monkeypatch):
    monkeypatch.setattr("study.data.subset.batches.BATCH", 100)
    log, broken, path = tmp_path / "log", tmp_path / "broken", tmp_path / "subset.npy"
    parts = [pool.slice(start, 100) for start in range(0, 400, 100)]
    last = tmp_path / "last"
    pieces = [
        Watched(part, f"piece {number}", log, last if number == 3 else broken) for number, part in enumerate(parts)
    ]
    last.touch()
    with pytest.raises(DataError, match="piece 3 is gone"):
        choose(Index(pieces), 0.5, 80, path, processes=1)
    assert not path.exists()
    assert log.read_text().split("\n")[:-1] == ["piece 0", "piece 1", "piece 2"]
    last.unlink()
    broken.touch()  # the first three are not read again
    assert choose(Index(pieces), 0.5, 80, path, processes=1).uids() == expected(pool, 0.5, 80)
    assert log.read_text().split("\n")[3:-1] == ["piece 3"]
    assert not [other for other in tmp_path.iterdir() if other.is_dir()]


@pytest.mark.usefixtures("in_files")
def test_another_piece_of_the_same_name_is_read(tmp_path, pool):
    path, last = tmp_path / "subset.npy", tmp_path / "last"
    last.touch()
    for rows in (100, 200):
        pieces = [Part(pool.slice(0, rows), "piece 0"), Watched(pool.slice(rows), "piece 1", tmp_path / "log", last)]
        if rows == 200:
            last.unlink()
            assert choose(Index(pieces), 0.5, None, path, processes=1).uids() == expected(pool, 0.5, None)
            return
        with pytest.raises(DataError, match="piece 1 is gone"):
            choose(Index(pieces), 0.5, None, path, processes=1)


@dataclass(frozen=True)
class Shrunk(Part):
    """Has fewer rows than it says."""

    @property
    def pairs(self):
        return 401


def test_a_piece_that_has_changed_is_told_of(tmp_path, pool):
    with pytest.raises(DataError, match="piece 0 has 400 pairs where 401 were counted; plan again"):
        choose(Index([Shrunk(pool, "piece 0")]), 1.0, None, tmp_path / "subset.npy")


def test_ensure_writes_one_file_and_reads_it_again(tmp_path, embedded):
    first = ensure(tmp_path, embedded, 1.0, 100)
    (path,) = (tmp_path / "subsets").glob("*.npy")
    assert path.name == f"{embedded.fingerprint()}-1.0-100.npy"
    written = path.stat().st_mtime_ns
    again = ensure(tmp_path, embedded, 1.0, 100)
    assert again.uids() == first.uids() == expected(embedded.pool().select("uid", "score"), 1.0, 100)
    assert path.stat().st_mtime_ns == written


def test_two_processes_make_one_subset(tmp_path, embedded):
    with multiprocessing.get_context("spawn").Pool(2) as workers:
        one, two = workers.starmap(ensure, [(tmp_path, embedded, 1.0, 50)] * 2)
    assert one.uids() == two.uids()
    assert len(list((tmp_path / "subsets").glob("*.npy"))) == 1


@pytest.mark.parametrize("content", [np.arange(3), np.zeros((2, 2), "u8,u8")])
def test_another_file_is_no_subset(tmp_path, content):
    np.save(tmp_path / "other.npy", content)
    with pytest.raises(StorageError, match="holds no sorted ids"):
        len(Subset(tmp_path / "other.npy"))


def test_a_damaged_file_is_told_of(tmp_path, pool):
    path = choose(index_of(pool), 1.0, None, tmp_path / "subset.npy").path
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(StorageError, match="remove it and run again"):
        Subset(path).uids()


def test_choosing_loads_what_it_needs_alone():
    script = "import sys, study.data.subset; print({'torch', 'pydantic', 'PIL'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
