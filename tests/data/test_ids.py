"""Ids as text and as numbers, and their order."""

import numpy as np
import polars as pl
import pytest

from study.data.ids import in_order, joined, listed, order, parsed
from study.data.index import halves, uids


@pytest.fixture
def texts():
    rng = np.random.default_rng(0)
    return [*(rng.bytes(16).hex() for _ in range(50)), "0" * 32, "f" * 32]


def test_text_and_numbers_are_the_same_ids(texts):
    ids = parsed(pl.Series(texts))
    assert [(int(text[:16], 16), int(text[16:], 16)) for text in texts] == ids.tolist()
    assert listed(ids) == texts == uids(halves(pl.Series(texts)))
    assert listed(in_order(ids)) == sorted(texts)
    assert listed(parsed(pl.Series([], dtype=pl.String))) == []


def test_a_row_without_an_id_has_no_halves(texts):
    given = pl.Series([None, texts[0], None, texts[1]], dtype=pl.String)
    found = halves(given)
    assert found["uid_hi"].to_list() == [None, int(texts[0][:16], 16), None, int(texts[1][:16], 16)]
    assert halves(pl.Series([None], dtype=pl.String)).rows() == [(None, None)]


@pytest.mark.parametrize(
    "given", [["a" * 31], ["a" * 31, "b" * 33], ["A" + "a" * 31], ["g" * 32], ["é" * 16], [""], ["a" * 32, None]]
)
def test_anything_else_is_no_id(given):
    with pytest.raises(ValueError, match=r"32 hex digits|[Nn]on-hexadecimal"):
        parsed(pl.Series(given, dtype=pl.String))


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 100, 5000])
@pytest.mark.parametrize("largest", [1, 2, 1000, 2**40, 2**64])
def test_order_is_that_of_sorting_pairs(rows, largest):
    rng = np.random.default_rng(rows)
    first = rng.integers(0, largest, rows, dtype=np.uint64)
    second = rng.integers(0, 3, rows).astype(np.uint64)
    for numbers in (first, ~first):
        assert order(numbers, second).tolist() == np.lexsort((second, numbers)).tolist()
    assert listed(in_order(joined(first, second))) == sorted(listed(joined(first, second)))
