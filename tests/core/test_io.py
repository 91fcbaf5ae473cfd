import errno
import fcntl
import json
import os
import subprocess
import sys
import threading

import pytest

from study import io
from study.errors import BusyError, StorageError


def test_json_round_trip_leaves_no_temporary_file(tmp_path):
    path = tmp_path / "deep" / "value.json"
    io.write_json(path, {"b": 1, "a": [1.5, None]})
    assert io.read_json(path) == {"a": [1.5, None], "b": 1}
    assert os.listdir(path.parent) == ["value.json"]


def test_nan_is_not_written_and_the_old_file_stays(tmp_path):
    path = tmp_path / "value.json"
    io.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        io.write_json(path, {"a": float("nan")})
    assert io.read_json(path) == {"a": 1}


def test_a_write_that_fails_in_the_middle_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "value.bin"
    io.write_bytes(path, b"old")

    def half(file):
        file.write(b"ne")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match=r"cannot write .*value.bin: the disk is full; free some space"):
        io.write_whole(path, half)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["value.bin"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(mount)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("cannot mount a small file system here")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_full_disk_is_told_and_leaves_nothing_half_written(small_disk):
    import polars as pl

    table = pl.DataFrame({"a": [str(hash(str(i))) for i in range(200_000)]})
    for write in (
        lambda: io.write_bytes(small_disk / "x.pt", b"x" * 2_000_000),
        lambda: io.write_parquet(small_disk / "x.parquet", table),
        lambda: io.write_json(small_disk / "x.json", table["a"].to_list()),
    ):
        with pytest.raises(StorageError, match="the disk is full; free some space"):
            write()
        assert list(small_disk.iterdir()) == []


def test_a_log_on_a_full_disk_is_a_storage_error(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this system")
    with pytest.raises(StorageError, match="the disk is full"):
        io.append_line(type(tmp_path)("/dev/full"), "x" * 100_000)


@pytest.mark.parametrize(("content", "message"), [(None, "cannot read"), ("{", "is not valid JSON")])
def test_missing_and_damaged_json_name_the_file(tmp_path, content, message):
    path = tmp_path / "value.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StorageError, match=message):
        io.read_json(path)


def test_damaged_parquet_names_the_file(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(StorageError, match=r"table.parquet is not a readable parquet file"):
        io.read_parquet(path)


def test_a_lock_is_held_against_other_processes_and_freed_afterwards(tmp_path):
    path = tmp_path / "run" / ".lock"
    take = (
        "import sys; from pathlib import Path; from study import io\n"
        "from study.errors import BusyError\n"
        "try:\n    with io.lock(Path(sys.argv[1])): print('taken')\nexcept BusyError: print('busy')"
    )

    def other() -> str:
        command = [sys.executable, "-c", take, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with io.lock(path):
        assert other() == "busy"
    assert other() == "taken"


def test_a_held_lock_says_which_folder(tmp_path):
    with (
        io.lock(tmp_path / "r1" / ".lock"),
        pytest.raises(BusyError, match="r1 is in use by another process"),
        io.lock(tmp_path / "r1" / ".lock"),
    ):
        pass


def test_a_lock_that_cannot_be_made_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write .*file/.lock"), io.lock(tmp_path / "file" / ".lock"):
        pass


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK])
@pytest.mark.parametrize("wait", [True, False])
def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch, code, wait):
    def refuse(file, how):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)  # of the system's, which no file system here would do
    told = r"cannot lock .*\.lock: .*; put the results where files can be locked"
    with pytest.raises(StorageError, match=told), io.lock(tmp_path / ".lock", wait=wait):
        pass
    with pytest.raises(StorageError, match=told):
        io.is_locked(tmp_path / ".lock")


def test_a_lock_that_may_not_be_read_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match=r"cannot read .*: "):
        io.is_locked(tmp_path)  # a folder, which root may not open either


def test_append_line_writes_lines(tmp_path):
    io.append_line(tmp_path / "log", json.dumps({"a": 1}))
    io.append_line(tmp_path / "log", "b")
    assert (tmp_path / "log").read_text() == '{"a": 1}\nb\n'


def test_a_folder_gets_its_name_when_it_is_filled(tmp_path):
    path = tmp_path / "deep" / "model"
    with io.whole_folder(path) as folder:
        io.write_text(folder / "a.txt", "a")
        assert not path.exists()
    assert os.listdir(path) == ["a.txt"]
    assert os.listdir(path.parent) == ["model"]


def test_a_folder_that_could_not_be_filled_leaves_nothing(tmp_path):
    path = tmp_path / "model"

    def fill():
        with io.whole_folder(path) as folder:
            io.write_text(folder / "a.txt", "a")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match=r"cannot write .*model: the disk is full"):
        fill()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_empty_is_not_filled(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(StorageError, match="is there already"), io.whole_folder(path):
            pytest.fail("it must not be filled")
    assert os.listdir(tmp_path) == ["file"]


def test_who_asks_whether_a_lock_is_held_does_not_take_it(tmp_path):
    path = tmp_path / ".lock"
    assert not io.is_locked(path)
    with io.lock(path):
        assert io.is_locked(path)
    assert not io.is_locked(path)


def test_a_lock_outlasts_one_who_only_asks(tmp_path):
    path = tmp_path / ".lock"
    path.touch()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        release = threading.Timer(0.1, fcntl.flock, (file, fcntl.LOCK_UN))
        release.start()
        with io.lock(path):
            assert io.is_locked(path)
        release.join()
