"""The index of one shard: what a pass over it found, in a file that is made once for a state of the shard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

import polars as pl

from study.data.filters import Filters
from study.data.index import halves
from study.data.shards.address import fault, open_file
from study.data.shards.beside import Beside
from study.data.shards.fields import Fields
from study.data.shards.listing import Located
from study.data.shards.pieces import ShardPiece
from study.data.shards.scan import Scan
from study.errors import DataError
from study.io import write_parquet

FORMAT = "facts 2"  # another number makes all indices anew


@dataclass(frozen=True)
class Indexed:
    """A shard that can be indexed: where it is, what is looked up, and the folder of the index files."""

    beside: Beside
    fields: Fields
    folder: Path

    @property
    def path(self) -> Path:
        """Named by the shard, and by all that its content depends on."""
        shard = self.beside.shard
        return (
            self.folder / f"{quote(shard.name, safe='')[-100:]}-{_hash(f'{self.beside.state} {self.fields}')}.parquet"
        )

    @property
    def shard(self) -> Located:
        """The tar."""
        return self.beside.shard

    def known(self, filters: Filters) -> tuple[str, pl.DataFrame]:
        """The name of the index file, and ``FACTS`` with scores of a table beside the shard, if there are.

        Raises DataError for a shard that cannot be read at all, or that lacks a field.
        """
        scores = self.beside.scored(self.fields.score) if self.fields.score else None
        if scores is None:
            return self.path.name, self._facts()
        plain = replace(self, fields=replace(self.fields, score=None))  # the index is the same with other scores
        facts = plain._facts().drop("score")
        if "uid" in scores.columns:
            scores = halves(scores["uid"]).with_columns(scores["score"])
        on = [name for name in scores.columns if name != "score"]
        return plain.path.name, facts.join(scores, on=on, how="left", maintain_order="left")

    def piece(self, kept: int, chosen: Path, known: str) -> ShardPiece:
        """Its pairs that are in the pool."""
        return ShardPiece(self.shard.name, kept, chosen, self.shard.address, self.folder / known)

    def _facts(self) -> pl.DataFrame:
        """From the file, which is made if it is not there."""
        if self.path.exists():
            try:
                return pl.read_parquet(self.path)
            except (OSError, pl.exceptions.PolarsError):
                self.path.unlink()  # damaged: it can be made anew
        found = self._scanned()
        write_parquet(self.path, found)
        return found

    def _scanned(self) -> pl.DataFrame:
        shard = self.beside.shard
        rows, columns = self.beside.described(["width", "height", *self.fields.named()])
        scan = Scan(self.fields, rows, columns)
        try:
            with open_file(shard.address) as file:
                found = scan.read(file, shard.size or None)
        except DataError as error:
            raise type(error)(f"{shard.shown}: {error}") from error
        except Exception as error:  # broad: a store may fail in ways of its own while it is read
            raise fault(shard.address, error) from error
        failed = pl.DataFrame({"problem": ["not downloaded"] * self.beside.failed()}, schema={"problem": pl.String})
        return pl.concat([found, failed], how="diagonal")


def folder_name(states: object) -> str:
    """A name for what depends on all of this."""
    return _hash(str(states))


def _hash(text: str) -> str:
    return blake2b(f"{FORMAT} {text}".encode(), digest_size=8).hexdigest()
