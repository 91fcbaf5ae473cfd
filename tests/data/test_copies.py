"""Copies of shards of a store: whole, one a shard, and never left behind."""

import resource
import subprocess
import sys
from collections import Counter

import pytest

from study.data.streaming.copies import Copies
from study.errors import StorageError, UnansweredError
from tests.data import store

CONTENT = [bytes([number]) * 5000 for number in range(4)]


@pytest.fixture
def room(tmp_path, monkeypatch):
    (tmp_path / "room").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "room"))
    return tmp_path / "room"


@pytest.fixture
def server(tmp_path):
    (tmp_path / "pool").mkdir()
    for number, content in enumerate(CONTENT):
        (tmp_path / "pool" / f"{number}.tar").write_bytes(content)
    with store.serving(tmp_path / "pool") as serving:
        yield serving


def files(room):
    return sorted(path.stat().st_size for path in room.glob("study-shards-*/*.tar"))


def test_copies_are_whole_and_few_and_go_at_the_end(server, room):
    copies, asked = Copies(held=2), Counter()
    server.behave = lambda number, path: asked.update([path]) or 0
    for number in (0, 1, 1, 2, 3, 3):
        assert copies.of(f"{server.address}/{number}.tar").read_bytes() == CONTENT[number]
        assert len(files(room)) <= 2
    assert {count for path, count in asked.items() if path.startswith("GET")} == {1}
    del copies
    assert not list(room.glob("study-shards-*"))


def test_a_copy_that_fails_leaves_nothing(server, room):
    copies = Copies(held=2)
    copies.of(f"{server.address}/0.tar")
    server.behave = lambda number, path: 503 * path.startswith("GET")
    for _ in range(3):
        with pytest.raises(UnansweredError, match="503"):
            copies.of(f"{server.address}/1.tar")
    assert files(room) == [5000]


def test_a_full_disk_is_told_as_such_and_leaves_nothing(server, room):
    before, copies = resource.getrlimit(resource.RLIMIT_FSIZE), Copies(held=2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        with pytest.raises(StorageError, match=r"\.tar cannot be written .*free space there, or set TMPDIR"):
            copies.of(f"{server.address}/0.tar")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert files(room) == []


USER = """
import sys, tempfile, time
from study.data.streaming.copies import Copies
tempfile.tempdir = sys.argv[1]
copies = Copies(2)
copies.of(sys.argv[2])
print("ready", flush=True)
time.sleep(600)
"""


def test_copies_of_a_process_that_was_killed_go_with_the_next(server, room):
    address = f"{server.address}/0.tar"
    with subprocess.Popen([sys.executable, "-c", USER, room, address], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        copies = Copies(held=2)
        copies.of(address)
        assert len(list(room.glob("study-shards-*"))) == 2  # that of one who lives stays
        process.kill()
    assert files(room) == [5000, 5000]
    assert Copies(held=2).of(address).read_bytes() == CONTENT[0]
    assert files(room) == [5000]
    assert copies.of(address).exists()
