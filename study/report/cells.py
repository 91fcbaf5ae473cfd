"""The cells of a column of a table: as they read, and as they sort.

A page's numbers are put into words here alone: its script sorts and filters what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

NAN = "NaN"
SENTENCE, PARAGRAPH = 36, 90  # letters of a cell, from which on its column may break lines, and is wide

Keys = Sequence[int | None]


def read(values: pl.Series, say: Callable[[Any], str]) -> list[str]:
    """Each value in words; one that occurs often is put into words once."""
    said = {value: say(value) for value in values.unique() if value == value}
    return [said.get(value, NAN) for value in values]


def places(values: pl.Series, texts: Sequence[str]) -> list[int | None]:
    """The place of each text among those of its column, by value from 0; none for what is missing or not a number.

    Numbers that read alike sort alike.
    """
    known = values.fill_nan(None) if values.dtype.is_float() else values
    pairs = pl.DataFrame({"value": known, "text": pl.Series(texts, dtype=pl.String)}).unique()
    rising = dict.fromkeys(pairs.drop_nulls("value").sort("value", "text")["text"])
    place = {text: at for at, text in enumerate(rising)}
    return [None if value is None else place[text] for value, text in zip(known, texts, strict=True)]


def kind(texts: Sequence[str]) -> str:
    """How a column of words is set: in one line, in several, in several long ones."""
    longest = max(map(len, texts), default=0)
    return "" if longest < SENTENCE else "words" if longest < PARAGRAPH else "words wide"


def column(texts: Sequence[str], keys: Keys | None) -> dict[str, Any]:
    """A column for ``tables.js``: its words, each once, and for each row a place ``at`` in them.

    The first ``keyed`` of them are numbers in rising order, so that their place is what they sort by.
    """
    by_key = {key: text for key, text in zip(keys or (), texts, strict=False) if key is not None}
    keyed = [by_key[key] for key in sorted(by_key)]
    known = keys or [None] * len(texts)
    bare = dict.fromkeys(text for text, key in zip(texts, known, strict=True) if key is None)
    place = {text: len(keyed) + at for at, text in enumerate(bare)}
    at = [place[text] if key is None else key for text, key in zip(texts, known, strict=True)]
    return {"words": [*keyed, *bare], "keyed": len(keyed), "at": at}
