"""Tables beside a shard: the parquet that img2dataset writes, and scores given later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import polars as pl

from study.data.ids import ID
from study.data.parquet import Parquet
from study.data.shards.address import is_remote, read_all, readable, state
from study.data.shards.listing import Located, list_folders
from study.data.shards.secrets import plain
from study.errors import DataError

ASKED = 16  # files that a store is asked for at a time
SCORES = ".scores.parquet"  # beside a shard, in the place of its .tar: ``key`` and columns of scores


@dataclass(frozen=True)
class Beside:
    """A shard, img2dataset's table of its samples if there is one, and tables of scores; all by ``key``."""

    shard: Located
    table: Located | None
    scores: tuple[Located, ...]

    @property
    def state(self) -> str:
        """Changes with the shard and its table; scores may come later."""
        return "; ".join(f"{file.address} {file.state}" for file in (self.shard, self.table) if file)

    @property
    def all_states(self) -> str:
        """Changes with any of the files."""
        return "; ".join([self.state, *(f"{file.address} {file.state}" for file in self.scores)])

    def described(self, wanted: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
        """``key`` and those of the columns that img2dataset's table has, a row a sample; and all of its columns.

        Samples that it could not download are not among the rows. Raises DataError for a table that cannot be read.
        """
        table = _read(self.table) if self.table else pl.DataFrame()
        if "key" not in table.columns:
            return pl.DataFrame(schema={"key": pl.String}), []
        with readable(self.shard.address):
            there = table.filter(pl.col("status") == "success") if "status" in table.columns else table
            return _picked(there, wanted), table.columns

    def failed(self) -> int:
        """Samples that img2dataset could not download: they are in its table, not in the shard."""
        table = _read(self.table) if self.table else pl.DataFrame()
        with readable(self.shard.address):
            return table.filter(pl.col("status") != "success").height if "status" in table.columns else 0

    def tables(self) -> Iterator[pl.DataFrame]:
        """All tables, scores first; raises DataError for one that cannot be read."""
        for file in (*self.scores, *((self.table,) if self.table else ())):
            yield _read(file)

    def scored(self, column: str) -> pl.DataFrame | None:
        """``key``, or ``uid`` (32 hex digits), and ``score`` of the first table that has the column; none if none has.

        Raises DataError for a table that cannot be read, and for a column that holds no numbers.
        """
        for table in self.tables():
            by = next((name for name in ("key", "uid") if name in table.columns), None)
            if by and column in table.columns:
                kind = table.schema[column]
                if not kind.is_numeric():
                    raise DataError(f"beside {self.shard.shown}: column {column!r} must hold numbers, not {kind}")
                score = pl.col(column).cast(pl.Float32).fill_nan(None).alias("score")
                with readable(self.shard.address):
                    known = _picked(table.with_columns(score), ["score"], by)
                    return known.filter(pl.col(by).str.contains(ID)) if by == "uid" else known
        return None


def beside(shard: Located, scores: str | None) -> Beside:
    """A shard with the tables that are there: beside it, or by its name in a folder of ``scores``."""
    tables = [_there(shard.name, address) for address in _places(shard, scores)]
    return Beside(shard, tables[0], tuple(table for table in tables[1:] if table))


def beside_all(shards: Sequence[Located], scores: str | None) -> list[Beside]:
    """``beside`` of all; stores are asked for their folders at once, and for what they do not list by some threads."""
    list_folders([address for shard in shards for address in _places(shard, scores)])
    with ThreadPoolExecutor(ASKED) as pool:
        return list(pool.map(partial(beside, scores=scores), shards))


def _places(shard: Located, scores: str | None) -> list[str]:
    """Where img2dataset's table lies if there is one, and then tables of scores."""
    path = plain(shard.address)
    start, query = path.removesuffix(".tar"), shard.address[len(path) :]
    apart = [f"{scores.rstrip('/')}/{shard.name}.parquet"] if scores else []
    return [start + ".parquet" + query, start + SCORES + query, *apart]


def _there(name: str, address: str) -> Located | None:
    known = state(address)
    return None if known is None else Located(name, address, known)


def _picked(table: pl.DataFrame, wanted: Sequence[str], by: str = "key") -> pl.DataFrame:
    names = [name for name in dict.fromkeys(wanted) if name in table.columns]
    return table.select(pl.col(by).cast(pl.String), *names).unique(by, keep="first", maintain_order=True)


@lru_cache(maxsize=4)
def _read(table: Located) -> pl.DataFrame:
    """Of a state of the table: another state is read anew."""
    with readable(table.address):
        return Parquet((read_all(table.address) if is_remote(table.address) else Path(table.address),)).read()
