"""A decoded copy of shards in a store that fails: every process has the same pairs, and what was decoded stays."""

from itertools import count

import pytest

from study.data import kept_array, pixels
from study.data.shards import tries
from study.data.shards.webdataset import WebDataset
from study.data.stream import Stream
from study.errors import DataError, UnansweredError
from study.models import resolve, tokenizer
from study.records import PluginRef
from tests.data import shards, store

PAIRS = 24


@pytest.fixture
def server(tmp_path, embedded, monkeypatch):
    """A store of shards that were indexed while it was well; ``answer`` is asked with the number of an image's read."""
    rows = list(shards.pairs(embedded, PAIRS))
    for number in range(2):
        shards.write_tar(tmp_path / f"pool/{number}.tar", shards.members(rows[number::2]))
    monkeypatch.setattr(tries, "WAITS", (0.01, 0.01))
    monkeypatch.setattr(pixels, "CHUNK", 4)
    monkeypatch.setattr(pixels, "cpu_threads", lambda: 1)
    monkeypatch.setattr(kept_array, "OFTEN", 4)
    with store.serving(tmp_path / "pool") as serving:
        opened(serving, tmp_path)
        yield serving


def opened(server, folder):
    return WebDataset(WebDataset.Config(shards=f"{server.address}/{{0..1}}.tar"), folder / "results")


def copied(server, folder, answer=lambda number: 0):
    """Order of a pass, images, reasons and number of reads of images, as a process of a run opens them."""
    source, reads = opened(server, folder), count()
    samples = source.samples(sorted(source.pool()["uid"]), folder / "cache")
    server.behave = lambda _, asked: answer(next(reads)) if asked.startswith("GET") else 0
    try:
        stream = Stream(samples, tokenizer(resolve(PluginRef(name="vit_pico"))), 0, 8, 8)
    finally:
        server.behave = lambda _, asked: 0
    return stream.order(0).tolist(), stream.images.tobytes(), samples.skipped, next(reads)


def test_what_a_store_refuses_at_times_is_read_and_once_for_all_processes(server, tmp_path):
    order, images, skipped, reads = copied(server, tmp_path, lambda number: 503 * (number % 3 == 0))
    assert (sorted(order), skipped) == (list(range(PAIRS)), {})
    assert reads > PAIRS
    assert copied(server, tmp_path, lambda number: 503) == (order, images, {}, 0)
    assert copied(server, tmp_path / "another")[:3] == (order, images, {})


def test_a_store_that_stays_away_is_no_reason_to_leave_pairs_out(server, tmp_path):
    with pytest.raises(UnansweredError, match=r"\.tar cannot be read .*503"):
        copied(server, tmp_path, lambda number: 503 * (number > 9))
    whole = copied(server, tmp_path)
    assert whole[3] == PAIRS - 8  # two parts stayed
    assert whole[:3] == copied(server, tmp_path / "another")[:3]


def test_a_store_that_refuses_is_told_as_such(server, tmp_path):
    with pytest.raises(DataError, match=r"\.tar"):
        copied(server, tmp_path, lambda number: 401)


def test_a_shard_that_is_gone_is_left_out_of_all_processes(server, tmp_path):
    first = copied(server, tmp_path, lambda number: 404 * (number < 2))
    assert first[2] == {"missing image file": 2}
    assert copied(server, tmp_path, lambda number: 404) == (*first[:3], 2)
    assert copied(server, tmp_path)[2:] == ({}, 2)
