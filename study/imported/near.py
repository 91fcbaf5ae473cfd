"""Names that differ from a known one by a letter or two: perhaps others' own, perhaps slips."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

import polars as pl

from study.imported.metric_names import KNOWN

NEAR = 0.9  # share of equal letters; a strategy's variant, as CLIPA of CLIP, is further


def doubts(runs: pl.DataFrame, scores: pl.DataFrame, strategies: Iterable[str]) -> tuple[str, ...]:
    """A line for each metric and strategy of these tables that may be meant for a known one, of ``strategies``."""
    found = (("metric", scores["metric"], KNOWN), ("strategy", runs["strategy"], strategies))
    return tuple(line for what, names, known in found for line in _slips(what, names, known))


def _slips(what: str, names: pl.Series, known: Iterable[str]) -> Iterator[str]:
    plain = sorted(known)
    for name in sorted(set(names.drop_nulls()) - set(plain)):
        same = [
            one for one in plain if re.findall(r"\d+", one) == re.findall(r"\d+", name)
        ]  # top-3 is no slip of top-1
        for near in get_close_matches(name.lower(), same, n=1, cutoff=NEAR):
            yield f"{what} {name!r} is none of ours; did you mean {near!r}?"
