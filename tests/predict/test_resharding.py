"""Bytes of streaming a subset against writing it once, by hand."""

import pytest

from study.predict.resharding import LEAST_READ, Reading

LARGE = 1_000_000  # bytes a pair, so that a read is no larger than what it asks for


def reading(pair=LARGE, share=0.25, epochs=8.0, remote=False, whole=0.25):
    return Reading(1000 * pair, 1000, int(1000 * share), epochs, remote, whole)


def test_bytes_by_hand():
    found = reading()
    assert found.subset_bytes == found.pass_bytes == 250 * LARGE
    assert found.streamed_bytes == 8 * 250 * LARGE
    assert found.resharded_bytes == (1 + 1 + 8) * 250 * LARGE
    assert not found.is_worth_it  # images that are read alone are read as cheaply where they are


def test_small_images_are_read_with_what_lies_about_them():
    found = reading(pair=16 * 1024, share=0.1)
    assert found.pass_bytes == 100 * LEAST_READ
    assert found.streamed_bytes / found.resharded_bytes == pytest.approx(8 * 8 / (8 + 1 + 8))
    assert found.is_worth_it
    assert reading(pair=16 * 1024, share=0.5).pass_bytes == 1000 * 16 * 1024  # all of the pool, and no more


def test_a_store_copies_shards_of_which_much_is_wanted():
    assert reading(remote=True).pass_bytes == 1000 * LARGE
    assert reading(remote=True, share=0.249).pass_bytes == 249 * LARGE


@pytest.mark.parametrize(("epochs", "worth"), [(1, False), (4, False), (6, True), (100, True)])
def test_it_takes_some_passes_to_be_worth_it(epochs, worth):
    assert reading(remote=True, epochs=epochs).is_worth_it == worth
    assert not reading(remote=True, share=1.0, epochs=epochs).is_worth_it
