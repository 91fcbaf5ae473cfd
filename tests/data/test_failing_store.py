"""Shards in a store that fails while a run trains: the order stays, and what stays away is counted."""

import threading
import time
from collections import Counter

import pytest
import torch

from study.data.shards.webdataset import WebDataset
from study.data.streaming import ShardStream, Share, coming, fetch, shards_of
from study.data.subset import ensure
from study.errors import UnansweredError
from study.models import resolve, tokenizer
from study.records import PluginRef
from tests.data import shards, store

PAIRS, SHARDS = 24, 3


@pytest.fixture(scope="module")
def rows(embedded):
    return list(shards.pairs(embedded, PAIRS))


@pytest.fixture
def pool(tmp_path, rows):
    for number in range(SHARDS):
        shards.write_tar(tmp_path / "pool" / f"{number}.tar", shards.members(rows[number::SHARDS]))
    return tmp_path / "pool"


@pytest.fixture
def opened(tmp_path, pool):
    """A function that opens a stream of shards at an address; all of them are copied, of a few pairs are parts read."""

    def open_it(place, pairs=PAIRS, waits=(0.01, 0.02, 0.05)):
        source = WebDataset(WebDataset.Config(shards=f"{place}/{{0..{SHARDS - 1}}}.tar"), tmp_path / "results")
        subset = ensure(tmp_path / "results", source, 1.0, pairs)
        words = tokenizer(resolve(PluginRef(name="vit_pico")))
        return ShardStream(shards_of(source.index()), subset, words, 0, 8, 8, Share(4), threads=3, waits=waits)

    return open_it


def passes(stream, batches=12):
    return [stream.batch(first, 4).images.numpy().tobytes() for first in range(0, 4 * batches, 4)]


@pytest.mark.parametrize("pairs", [PAIRS, 4])
def test_a_store_that_fails_every_third_time_and_is_slow_changes_nothing(opened, pool, pairs):
    expected = passes(opened(pool, pairs))
    told, asked = [], Counter()
    with store.serving(pool) as server:
        stream = opened(server.address, pairs)
        stream.hear(told.append)

        def slow(number, path):
            asked[path] += 1
            time.sleep(0.02)
            return 503 if number % 3 == 0 else 0

        server.behave = slow
        assert passes(stream) == expected
    assert stream.skipped == {}
    assert len(told) == 1
    assert "503" in told[0]
    assert "tried again after 0.01, 0.02, 0.05 s, then left out and counted, or waited for where nothing" in told[0]
    assert sum(asked.values()) >= (SHARDS if pairs == PAIRS else pairs)


def test_a_shard_that_comes_back_in_time_changes_nothing(opened, pool):
    expected, gone = passes(opened(pool, 4)), threading.Event()
    with store.serving(pool) as server:
        stream = opened(server.address, 4, waits=(0.2,) * 50)
        server.behave = lambda number, path: 404 if gone.is_set() and "1.tar" in path else 0
        gone.set()
        threading.Timer(0.5, gone.clear).start()
        assert passes(stream) == expected
    assert stream.skipped == {}


@pytest.mark.parametrize("forget", [0.0, 1e12])
def test_a_shard_that_stays_away_is_left_out_counted_and_tried_again_later(opened, pool, monkeypatch, forget):
    later = 100 * PAIRS  # not made ahead
    whole = opened(pool).batch(0, PAIRS), opened(pool).batch(later, PAIRS)
    monkeypatch.setattr(fetch, "FORGET", forget)
    with store.serving(pool) as server:
        stream = opened(server.address, waits=())
        server.behave = lambda number, path: 404 if "1.tar" in path else 0
        without = stream.batch(0, PAIRS)
        assert stream.skipped == {"shard that cannot be read": PAIRS // SHARDS}
        assert not torch.equal(without.images, whole[0].images)
        server.behave = lambda number, path: 0
        assert torch.equal(stream.batch(later, PAIRS).images, whole[1].images) == (forget == 0)


def behind(server, number):
    """The store answers as it should again once so many requests were refused."""
    refused = []

    def down(_, path):
        refused.append(path)
        return 503 if len(refused) < number else 0

    server.behave = down


@pytest.mark.parametrize("pairs", [PAIRS, 4])
def test_an_outage_of_the_store_is_waited_out_and_changes_nothing(opened, pool, monkeypatch, pairs):
    monkeypatch.setattr(fetch, "AGAIN", 0.01)
    expected = passes(opened(pool, pairs))
    with store.serving(pool) as server:
        stream = opened(server.address, pairs, waits=(0.01,))
        behind(server, 60)
        assert passes(stream) == expected
    assert stream.skipped == {}


def test_a_store_that_stays_away_is_told_as_such_and_read_when_it_is_back(opened, pool, monkeypatch):
    monkeypatch.setattr(fetch, "AGAIN", 0.01)
    monkeypatch.setattr(coming, "PATIENCE", 0.5)
    expected = passes(opened(pool))
    with store.serving(pool) as server:
        stream = opened(server.address)
        server.behave = lambda number, path: 503
        for _ in range(2):
            with pytest.raises(UnansweredError, match=r"no answer for 0\.5 seconds"):
                stream.batch(0, 4)
        server.behave = lambda number, path: 0
        monkeypatch.setattr(coming, "PATIENCE", 60)
        assert passes(stream) == expected
    assert stream.skipped == {}


def test_shards_that_are_all_gone_may_come_back(opened, pool, monkeypatch):
    monkeypatch.setattr(fetch, "AGAIN", 0.01)
    monkeypatch.setattr(coming, "PATIENCE", 0.5)
    stream, expected = opened(pool), passes(opened(pool))
    pool.rename(pool.parent / "unmounted")
    with pytest.raises(UnansweredError, match="no answer"):
        stream.batch(0, 4)
    (pool.parent / "unmounted").rename(pool)
    assert passes(stream) == expected


def test_a_copy_that_was_cut_short_is_made_anew(opened, pool):
    expected = passes(opened(pool))
    content = (pool / "1.tar").read_bytes()
    with store.serving(pool) as server:
        stream = opened(server.address)
        (pool / "1.tar").write_bytes(content[:600])  # as if the connection ended

        def mended(number, path):
            if stream.fetcher.copies.made > SHARDS:
                (pool / "1.tar").write_bytes(content)
            return 0

        server.behave = mended
        assert passes(stream) == expected
    assert stream.skipped == {}


def test_a_store_that_never_answers_is_told_as_such(opened, pool, monkeypatch):
    released = threading.Event()
    with store.serving(pool) as server:
        stream = opened(server.address)
        server.behave = lambda number, path: int(not released.wait())
        monkeypatch.setattr(coming, "PATIENCE", 0.2)
        with pytest.raises(UnansweredError, match=r"no answer for 0\.2 seconds from where the shards lie; the same"):
            stream.batch(0, 4)
        released.set()
        stream.workers.close()
