"""Bytes in words."""

import pytest

from study.io.sizes import size


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"), (999, "999 bytes"), (999.6, "1 kB"), (1000, "1 kB"), (1234, "1.23 kB"), (999_600, "1 MB"),
        (2**35, "34.4 GB"), (5e15, "5 PB"), (4e18, "4e+03 PB"),
    ],
)  # fmt: skip
def test_three_digits_and_the_unit_that_suits_them(count, words):
    assert size(count) == words
