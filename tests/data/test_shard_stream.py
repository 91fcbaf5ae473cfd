"""Pairs from shards: an order that hangs on nothing but seed and subset, and faults that leave it as it is."""

import signal
import subprocess
import sys
import threading
from collections import Counter

import numpy as np
import polars as pl
import pytest
import torch

from study.data.index import HALVES, Shard, halves
from study.data.streaming import ShardStream, Share
from study.data.streaming.order import Order
from study.data.subset import Subset
from study.errors import DataError
from study.hardware import cpu_threads
from study.models import resolve, tokenizer
from study.records import PluginRef
from tests.data.photos import encoded, made

SIZE, LENGTH = 8, 8


class Packed(Shard):
    """A file of images one after the other."""

    def __init__(self, path, contents, uids):
        path.write_bytes(b"".join(contents))
        self.path, self.uids = path, uids
        self.sizes = [len(content) for content in contents]

    @property
    def name(self):
        return self.path.name

    @property
    def address(self):
        return str(self.path)

    @property
    def pairs(self):
        return len(self.uids)

    @property
    def state(self):
        return str(self.path.stat().st_mtime_ns)

    def read(self):
        return halves(pl.Series(self.uids, dtype=pl.String)).with_columns(score=pl.lit(None))

    def members(self):
        offsets = np.cumsum([0, *self.sizes[:-1]])
        captions = [f"{number} words" for number in range(self.pairs)]
        facts = pl.DataFrame({"offset": offsets, "size": self.sizes, "caption": captions})
        return pl.concat([self.read().select(*HALVES), facts], how="horizontal")


def uid(number):
    return f"{(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128:032x}"


def content(number):
    """An image of one colour, by which it is known."""
    return encoded(made(8, 8).resize((1, 1)).point(lambda _: 2 * number + 5).resize((8, 8)), "PNG")


def subset(folder, uids):
    halved = sorted((int(one[:16], 16), int(one[16:], 16)) for one in uids)
    path = folder / f"{len(uids)}-{halved[0][0]:x}.npy"
    if not path.exists():  # streams have it mapped
        np.save(path, np.array(halved, dtype="u8,u8"))
    return Subset(path)


COUNTS = (7, 1, 12, 5, 9, 3)
ALL, WHOLE = range(sum(COUNTS)), Share(8)


@pytest.fixture
def packed(tmp_path):
    starts = np.cumsum([0, *COUNTS])
    numbers = [range(start, start + count) for start, count in zip(starts, COUNTS, strict=False)]
    return [
        Packed(tmp_path / f"{place}.tar", [content(number) for number in part], [uid(number) for number in part])
        for place, part in enumerate(numbers)
    ]


@pytest.fixture
def words():
    return tokenizer(resolve(PluginRef(name="vit_pico")))


@pytest.fixture
def make(tmp_path, packed, words):
    def open_it(chosen=ALL, share=WHOLE, **options):
        given = {"seed": 0, "image_size": SIZE, "text_length": LENGTH, "threads": 2, "window_shards": 3, "waits": ()}
        ids = subset(tmp_path, [uid(number) for number in chosen])
        return ShardStream(packed, ids, words, share=share, **{**given, **options})

    return open_it


def numbers(batch):
    """The numbers of the images in a batch."""
    return ((batch.images[:, 0, 0, 0].int() - 5) // 2).tolist()


def test_shapes_and_types(make):
    batch = make().batch(3, 4)
    assert (batch.images.shape, batch.images.dtype) == ((4, SIZE, SIZE, 3), torch.uint8)
    assert (batch.texts.shape, batch.texts.dtype, batch.first) == ((4, LENGTH), torch.int64, 3)


@pytest.mark.parametrize("chosen", [range(37), range(0, 37, 3), [5], [7, 8, 9, 36]])
def test_every_pass_has_every_chosen_pair_once(make, chosen):
    stream = make(chosen)
    assert len(stream) == len(chosen)
    orders = [numbers(stream.batch(epoch * len(chosen), len(chosen))) for epoch in range(3)]
    assert all(sorted(order) == sorted(chosen) for order in orders)
    if len(chosen) > 5:
        assert orders[0] != orders[1] != orders[2]


def test_captions_belong_to_their_images(make, packed, words):
    batch = make().batch(0, 37)
    caption = {one: place for part in packed for place, one in enumerate(part.uids)}
    expected = words([f"{caption[uid(number)]} words" for number in numbers(batch)], LENGTH)
    assert torch.equal(batch.texts, expected)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_any_threads_and_any_cuts_give_the_same(make, threads):
    whole = make().batch(0, 80)
    for first, count in [(0, 7), (7, 7), (28, 30), (9, 2), (3, 64), (70, 10)]:
        part = make(threads=threads).batch(first, count)
        assert torch.equal(part.images, whole.images[first : first + count])
        assert torch.equal(part.texts, whole.texts[first : first + count])


@pytest.mark.parametrize(("world_size", "micro"), [(1, 8), (2, 4), (4, 2), (2, 2), (4, 1)])
def test_processes_share_each_global_batch_and_go_on_where_they_stopped(make, world_size, micro):
    whole = numbers(make().batch(0, 160))
    for rank in range(world_size):
        share = Share(8, world_size, rank)
        own = 8 // world_size
        requests = [(8 * step + rank * own + part, micro) for step in range(20) for part in range(0, own, micro)]
        following = share.following(*requests[0])
        assert [next(following) for _ in requests[1:]] == requests[1:]
        stream, resumed = make(share=share), make(share=share)
        for number, (first, count) in enumerate(requests):
            assert numbers(stream.batch(first, count)) == whole[first : first + count]
            if number >= 7:
                assert numbers(resumed.batch(first, count)) == whole[first : first + count]


def test_seeds_differ_and_repeat(make):
    assert numbers(make(seed=1).batch(0, 37)) != numbers(make(seed=2).batch(0, 37))
    assert numbers(make(seed=1).batch(50, 37)) == numbers(make(seed=1).batch(50, 37))


def test_pairs_are_mixed_within_windows_of_shards():
    order = Order(COUNTS, seed=0, window_shards=2)
    for epoch in range(4):
        shards = [order.shards(epoch, window) for window in range(3)]
        assert sorted(np.concatenate(shards)) == list(range(6))
        for position in range(order.pairs):
            where = order.where(epoch * order.pairs + position)
            assert where.epoch == epoch
            assert order.window(epoch, where.window).shards[where.place] in shards[where.window]


def test_the_order_is_kept_for_good():
    order = Order(COUNTS, seed=3, window_shards=2)
    window = order.window(1, 0)
    assert window.shards.tolist() == [2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    assert window.rows.tolist() == [3, 2, 0, 5, 0, 4, 1, 6, 10, 7, 9, 11, 8]


def test_an_unreadable_pair_is_replaced_and_counted_each_time(make, packed):
    whole = numbers(make().batch(0, 111))
    spoilt = packed[2]
    data = bytearray(spoilt.path.read_bytes())
    data[: spoilt.sizes[0]] = bytes(spoilt.sizes[0])
    spoilt.path.write_bytes(data)
    bad = sum(COUNTS[:2])
    streams = [make(threads=1), make(threads=4)]
    one, other = (numbers(stream.batch(0, 111)) for stream in streams)
    assert one == other
    assert [number for number in whole if number != bad] == [
        new for old, new in zip(whole, one, strict=True) if old != bad
    ]
    assert bad not in one
    assert [stream.skipped for stream in streams] == [{"unreadable image": 3}] * 2
    assert numbers(make().batch(20, 50)) == one[20:70]


def test_a_shard_that_vanishes_is_left_out_and_counted(make, packed):
    stream = make()
    packed[3].path.unlink()
    gone = set(range(sum(COUNTS[:3]), sum(COUNTS[:4])))
    drawn = Counter(numbers(stream.batch(0, 37)))
    assert not gone & set(drawn)
    assert set(drawn) == set(range(37)) - gone
    assert stream.skipped == {"shard that cannot be read": 5}


def test_what_is_made_ahead_is_not_counted_before_it_is_given(make, packed):
    whole = numbers(make().batch(0, 37))
    bad = sum(COUNTS[:2])
    packed[2].path.write_bytes(bytes(packed[2].sizes[0]) + packed[2].path.read_bytes()[packed[2].sizes[0] :])
    stream, met = make(), whole.index(bad)
    for first in range(0, 37):
        assert stream.ready(first, 1, seconds=60)
        stream.batch(first, 1)
        assert sum(stream.skipped.values()) == int(first >= met)


def spoil(shard):
    shard.path.write_bytes(bytes(sum(shard.sizes)))


def test_nothing_that_can_be_decoded_is_an_error(make, packed):
    for shard in packed:
        spoil(shard)
    with pytest.raises(DataError, match=r"none of the pairs of two windows .* \(37 unreadable image\)"):
        make().batch(0, 1)


@pytest.mark.parametrize("fault", ["lost", "spoilt"])
def test_a_window_of_which_nothing_can_be_read_is_stood_in_for_by_the_next(make, packed, fault):
    """Shards 0 to 5 in windows of five: the one that is alone in a window is lost."""
    whole = make(window_shards=5)
    alone = int(whole.order.shards(0, 1)[0])
    expected = numbers(whole.batch(0, 37))
    if fault == "lost":
        packed[alone].path.unlink()
    else:
        spoil(packed[alone])
    streams = [make(window_shards=5, threads=threads) for threads in (1, 3)]
    one, other = (numbers(stream.batch(0, 37)) for stream in streams)
    lost = COUNTS[alone]
    assert one[:-lost] == expected[:-lost]
    assert set(one[-lost:]) <= set(expected[:-lost])
    assert len(set(one[-lost:])) == lost
    assert other == one
    assert numbers(make(window_shards=5).batch(36 - lost, lost)) == one[36 - lost : 36]
    reason = {"lost": "shard that cannot be read", "spoilt": "unreadable image"}[fault]
    assert streams[0].skipped == {reason: lost}


def test_a_store_that_fails_at_times_is_asked_again(make, monkeypatch):
    from study.data.streaming import fetch

    whole, calls = numbers(make().batch(0, 37)), Counter()
    read = fetch.read_range

    def failing(address, offset, size):
        calls[address, offset] += 1
        if calls[address, offset] < 3:
            raise ConnectionError("try later")
        return read(address, offset, size)

    monkeypatch.setattr(fetch, "read_range", failing)
    stream = make(waits=(0.0, 0.0))
    assert numbers(stream.batch(0, 37)) == whole
    assert stream.skipped == {}


@pytest.mark.parametrize(("processes", "threads"), [(1, cpu_threads()), (cpu_threads(), 1)])
def test_a_process_takes_its_share_of_the_cpus(make, monkeypatch, processes, threads):
    before = threading.active_count()
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
    stream = make(share=Share(8, 2 * cpu_threads()), threads=None)  # on two machines
    assert threading.active_count() - before == threads
    stream.workers.close()


def test_work_ahead_does_not_keep_a_process_from_ending():
    program = (
        "import signal, time; from study.data.streaming.workers import Workers\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored by what a shell runs in the background
        "workers = Workers(2)\n"
        "[workers.submit(lambda: time.sleep(3600)) for _ in range(9)]\n"
        "print('ready', flush=True); time.sleep(3600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=60) != 0
        finally:
            process.kill()
