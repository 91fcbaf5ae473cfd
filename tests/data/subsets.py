"""Subsets chosen the plain way, by sorting a pool in memory, and small pools to choose from."""

from dataclasses import dataclass
from hashlib import blake2b
from math import isnan

import polars as pl

from study.data.index import Index, Whole
from study.data.subset.sizes import subset_size


def expected(pool, quality, pairs):
    """Sorted uids: the best by score, equal ones by uid, unknown ones last; of these the first by a keyed hash."""
    known = [(uid, None if score is None or isnan(score) else score) for uid, score in pool.iter_rows()]
    best = sorted(known, key=lambda pair: (pair[1] is None, -(pair[1] or 0.0), pair[0]))
    kept = [uid for uid, _ in best[: subset_size(pool.height, quality, None)]]
    return sorted(sorted(kept, key=_place)[: subset_size(pool.height, quality, pairs)])


def _place(uid):
    return blake2b(uid.encode(), key=b"study subset 1", digest_size=8).digest()


def pool_of(scores, uids=None):
    uids = [f"{number:032x}" for number in range(len(scores))] if uids is None else uids
    return pl.DataFrame({"uid": uids, "score": scores}, schema={"uid": pl.String, "score": pl.Float32}, strict=False)


@dataclass(frozen=True)
class Part(Whole):
    """Some rows of a pool."""

    title: str = ""

    @property
    def name(self):
        return self.title


def index_of(pool, pieces=1):
    """The pool in so many pieces of about equal size."""
    rows = -(-pool.height // pieces)
    slices = [pool.slice(start, rows) for start in range(0, pool.height, rows)]
    return Index([Part(part, f"piece {number}") for number, part in enumerate(slices)])
