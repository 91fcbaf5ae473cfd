"""Peak memory from coefficients, by hand."""

from dataclasses import asdict, replace

import pytest

from study.predict import LossMemory, Parts, Split, TowersMemory, peak_parts
from study.predict.memory_sharded import Rows, ShardedTowers
from study.predict.moments import Held, most, peaks

# 100 bytes of states, 20 of gradients; 10 bytes a pair are saved, and 12 held for a moment before that.
TOWERS = TowersMemory(
    states=100,
    gradients=20,
    forward=(Held(12, 0),),
    saved=Held(10, 0),
    first=(Held(11, 0), Held(0, 20)),
    later=(Held(11, 2), Held(0, 7)),
    sharded=ShardedTowers(
        weights=(Rows(1, 3), Rows(3, 9)),
        trained=(Rows(1, 2), Rows(3, 6)),
        beside=30,
        root=6,
        block=5,
        backward=(Held(11, 0), Held(10, 5)),
    ),
    features={"image": [4], "text": [4]},
)
LOSS = LossMemory(peak=50, kept=8, states=3)
STORED = 2  # bytes of a pair


@pytest.mark.parametrize(
    ("split", "peak"),
    [
        # activations of the whole batch wait for the loss
        (Split(16, 16), 103 + 32 + 10 * 16 + 50),
        # features first, so that the loss has no activations beside it: then 4 pairs at a time, the gradients there
        (Split(16, 4), 103 + 32 + 8 + 20 + 12 * 4),
        (Split(16, 1), 103 + 32 + 50),
        # two processes hold half of the pairs each, and a copy of the gradients
        (Split(16, 8, processes=2), 103 + 16 + 20 + 10 * 8 + 50),
    ],
)
def test_a_step_by_hand(split, peak):
    assert sum(peak_parts(TOWERS, LOSS, STORED, split)) == peak


def test_a_peak_by_what_it_is_for():
    assert peak_parts(TOWERS, LOSS, STORED, Split(16, 16)) == Parts(states=103, pairs=32, loss=50, towers=160)
    assert peak_parts(TOWERS, LOSS, STORED, Split(16, 4)) == Parts(states=103, pairs=32, loss=8, towers=68)
    assert peak_parts(TOWERS, LOSS, STORED, Split(16, 8, 2)) == Parts(states=103, pairs=16, loss=50, towers=100)


def test_sharded_towers_by_hand():
    # rows of a share are whole: one of one, two of three; weights, two moments and gradients of those that are trained
    states, gradients = 30 + (3 + 2 * 9) + 2 * (2 + 2 * 6), 2 + 2 * 6
    together = 6 + 3 * 5
    whole = peak_parts(TOWERS, LOSS, STORED, Split(16, 8, processes=2, sharded=True))
    assert whole == Parts(states + 3, pairs=16, loss=50, towers=10 * 8 + gradients + together)
    parts = peak_parts(TOWERS, LOSS, STORED, Split(16, 4, processes=2, sharded=True))
    assert parts == Parts(states + 3, pairs=16, loss=8, towers=12 * 4 + gradients + together)


def test_towers_that_cannot_be_sharded_stay_whole():
    split = Split(16, 8, processes=2)
    whole = peak_parts(replace(TOWERS, sharded=None), LOSS, STORED, replace(split, sharded=True))
    assert whole == peak_parts(TOWERS, LOSS, STORED, split)


def test_gradients_fill_what_activations_leave():
    loss = LossMemory(peak=0, kept=0, states=0)
    assert sum(peak_parts(TOWERS, loss, 0, Split(1, 1))) == 100 + 20
    assert sum(peak_parts(TOWERS, loss, 0, Split(9, 9))) == 100 + 12 * 9


def test_a_split_says_what_a_process_does():
    assert (Split(64, 4, processes=2).share, Split(64, 4, processes=2).accumulation) == (32, 8)


def test_only_moments_that_are_a_peak_for_some_batch_are_kept():
    moments = [Held(0, 9), Held(1, 8), Held(1, 7), Held(2, 3), Held(3, 1), Held(3, 0), Held(2, 1), Held(0, 9)]
    kept = peaks(moments)
    assert kept == (Held(0, 9), Held(1, 8), Held(3, 1))
    assert all(most(kept, pairs) == most(tuple(moments), pairs) for pairs in range(1, 50))


def test_towers_come_back_from_plain_data():
    import json

    assert TowersMemory.of(json.loads(json.dumps(asdict(TOWERS)))) == TOWERS
