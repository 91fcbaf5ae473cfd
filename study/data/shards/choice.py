"""Choosing the pairs of one shard that pass a source's filters: the work that is done shard by shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from study.data.apart.child import EndedError
from study.data.filters import Filters, counts, reasons
from study.data.fingerprint import fingerprint_sum
from study.data.index import COLUMNS, Piece
from study.data.repeats import Keys
from study.data.shards.listing import Located
from study.data.shards.scan import LacksColumnError
from study.data.shards.scores import scores_of
from study.errors import DataError
from study.io import read_parquet, write_parquet

SAME = ("same_hi", "same_lo")  # what no two pairs of the pool share, besides their ids
UIDS = ("uid_hi", "uid_lo")


class Part(Protocol):
    """A shard or a file of metadata, which can be sent to another process."""

    @property
    def shard(self) -> Located:
        """Where it lies."""

    def known(self, filters: Filters) -> tuple[str, pl.DataFrame]:
        """The name of the index file, if it has one, and ``FACTS`` of its samples with their scores.

        What the filters do not ask for may be null. Raises DataError when it cannot be read at all.
        """

    def piece(self, kept: int, chosen: Path, known: str) -> Piece:
        """The pairs that ``choose`` has written to a file, with the name of the index file."""


@dataclass(frozen=True)
class Choice:
    """A part, what its pairs must be, the file that they go to, and a file of scores by id, if there is one."""

    part: Part
    filters: Filters
    path: Path
    scores: Path | None = None


@dataclass(frozen=True)
class Chosen:
    """The pairs written, why others are not, and the name of the shard's index file; or why there is none.

    ``lacks_column`` is whether that is a field that was asked for, of a shard that can be read.
    """

    kept: int
    left_out: Mapping[str, int]
    facts: str
    failure: str = ""
    lacks_column: bool = False


def choose(choice: Choice) -> Chosen:
    """Index a shard if need be; write ids, scores and rows of the pairs that pass, and what they are compared by."""
    try:
        name, facts = choice.part.known(choice.filters)
        if choice.scores is not None:
            facts = facts.with_columns(scores_of(choice.scores, facts))
    except DataError as error:
        return Chosen(0, {}, "", str(error), isinstance(error, LacksColumnError))
    reason = pl.coalesce("problem", reasons(choice.filters)).alias("reason")
    marked = facts.with_row_index("row").with_columns(pl.col("width", "height").cast(pl.Int64)).with_columns(reason)
    columns = marked.select(*COLUMNS, "row", *_compared(choice.filters), "reason")
    passing = columns.filter(pl.col("reason").is_null()).drop("reason")
    write_parquet(choice.path, passing)
    return Chosen(passing.height, counts(marked["reason"]), name)


def can_be_read(choice: Choice) -> bool:
    """Whether a shard is indexed, or can be now."""
    try:
        choice.part.known(choice.filters)
    except DataError:
        return False
    return True


def ended(choice: Choice, error: EndedError) -> Chosen:
    """What stands for a part that ends the process that reads it."""
    return Chosen(0, {}, "", f"{choice.part.shard.shown} cannot be read ({error})")


def _compared(filters: Filters) -> list[pl.Expr]:
    """``SAME`` where more than ids is compared."""
    kinds = {
        "pair": [],
        "image": [pl.coalesce(f"image_{half}", f"uid_{half}") for half in ("hi", "lo")],
        "caption": [pl.col("caption").hash(seed) for seed in (1, 2)],
    }
    return [column.alias(name) for column, name in zip(kinds[filters.unique], SAME, strict=False)]


def keys(path: Path, columns: tuple[str, str]) -> Keys:
    """Two columns of a file of pairs."""
    rows = read_parquet(path).select(columns)
    return rows[columns[0]].to_numpy(), rows[columns[1]].to_numpy()


def without(path: Path, rows: np.ndarray) -> int:
    """Take rows out of a file of pairs; returns how many stay."""
    kept = read_parquet(path).with_row_index("at").filter(~pl.col("at").is_in(rows.tolist())).drop("at")
    write_parquet(path, kept)
    return kept.height


def summed(path: Path) -> tuple[int, int]:
    """The part of a file of pairs in its pool's fingerprint, and how many pairs have a score."""
    rows = read_parquet(path)
    return fingerprint_sum(rows), rows.height - rows["score"].null_count()
