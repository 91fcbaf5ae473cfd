"""Where scores are written: a parquet a piece of the pool, made of a part a chunk, so that a kill loses a chunk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from study import io
from study.data.index import Piece, Shard, Whole
from study.data.shards.address import is_remote
from study.data.shards.beside import SCORES
from study.data.source import Source
from study.errors import DataError
from study.scoring.request import Scored


class Found(NamedTuple):
    """Pairs that a file has scores for, and whose and how these are, null where there is no pair."""

    pairs: int
    weights: str | None
    how: str | None


@dataclass(frozen=True)
class ScoreFiles:
    """The files of one scoring, under ``out`` or beside the data."""

    source: Source
    out: Path | None
    scored: Scored

    def path(self, piece: Piece) -> Path:
        """The piece's file; raises DataError where there is no place beside the data."""
        if self.out is not None:
            return self.out / f"{self._name(piece)}.parquet"
        if isinstance(piece, Shard):
            if is_remote(piece.address):
                raise DataError(f"{piece.address} is in a store; say where scores are written: --out DIR")
            return Path(piece.address.removesuffix(".tar") + SCORES)
        if self._own is None:
            raise DataError(f"{self.source.config.name} has no file to write scores beside; name a folder: --out DIR")
        return self._own.with_suffix(SCORES) if isinstance(piece, Whole) else self._own.with_name(piece.name + SCORES)

    def _name(self, piece: Piece) -> str:
        """A pool that memory holds is called as its file is."""
        if not isinstance(piece, Whole):
            return piece.name
        return self._own.stem if self._own else str(self.source.config.name)

    @property
    def _own(self) -> Path | None:
        return next((path for path in self.source.files() if path.is_file()), None)

    def is_done(self, piece: Piece) -> bool:
        """Whether the piece has these scores; raises DataError when its column holds others."""
        found = self._found(piece)
        if found is not None and found.weights is not None:
            way = "take another --column or --out, or remove the file"
            where = f"{self.path(piece)}: column {self.scored.column!r} holds the scores of other"
            if found.weights != self.scored.weights:
                told = f"{found.weights[:12]}, these are {self.scored.weights[:12]}"
                raise DataError(f"{where} weights ({told}); {way}")
            if found.how != self.scored.how:
                raise DataError(f"{where} ways ({found.how}; now it is {self.scored.how}); {way}")
        return found is not None and found.pairs == piece.pairs

    def has_column(self, piece: Piece) -> bool:
        """Whether the piece has scores of this name, by whatever weights."""
        found = self._found(piece)
        return found is not None and found.pairs == piece.pairs

    def _found(self, piece: Piece) -> Found | None:
        """What the piece's file has of this column; none without it."""
        path, names = self.path(piece), self.scored.columns()[-2:]
        if not path.exists():
            return None
        table = _scan(path)
        if not {*names} <= {*table.collect_schema().names()}:
            return None
        return Found(*table.select(pl.len(), *(pl.col(name).first() for name in names)).collect().row(0))

    def part(self, piece: Piece, start: int) -> Path:
        """The file of the chunk that starts with this row of the piece."""
        return self._parts(piece) / f"{start:010d}.parquet"

    def _parts(self, piece: Piece) -> Path:
        path = self.path(piece)
        return path.with_name(f".{path.name}.{self.scored.column}-{self.scored.mark}.parts")

    def write_part(self, piece: Piece, start: int, uids: list[str], scores: pl.Series, missing: pl.Series) -> None:
        """Write the scores of a chunk's pairs and why some have none."""
        score, why, *_ = self.scored.columns()
        rows = pl.DataFrame({"uid": uids, score: scores, why: missing})
        io.write_parquet(self.part(piece, start), rows)

    def finish(self, piece: Piece, starts: range, uids: list[str]) -> None:
        """Join the parts to the piece's file when all are there, whoever wrote them; other columns of it stay.

        Raises DataError when the parts are of other pairs: the data has changed meanwhile.
        """
        folder = self._parts(piece)
        with io.lock(folder.with_suffix(".lock"), wait=True):
            paths = [self.part(piece, start) for start in starts]
            if not all(path.exists() for path in paths):
                return
            rows = pl.concat([io.read_parquet(path) for path in paths]) if paths else _empty(self.scored)
            if rows["uid"].to_list() != uids:
                shutil.rmtree(folder)
                raise DataError(f"{piece.name} has changed while it was scored; run the same command again")
            io.write_parquet(self.path(piece), self._joined(self.path(piece), rows))
            shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".lock").unlink(missing_ok=True)

    def _joined(self, path: Path, rows: pl.DataFrame) -> pl.DataFrame:
        given = (self.scored.model, self.scored.pretrained, self.scored.weights, self.scored.how)
        names = self.scored.columns()
        told = [pl.lit(value).alias(name) for value, name in zip(given, names[2:], strict=True)]
        rows = rows.with_columns(told)
        if not path.exists():
            return rows
        others = _scan(path).drop(*names, strict=False).collect()
        return rows.join(others, on="uid", how="left", maintain_order="left")


def _empty(scored: Scored) -> pl.DataFrame:
    score, why, *_ = scored.columns()
    return pl.DataFrame(schema={"uid": pl.String, score: pl.Float32, why: pl.String})


def _scan(path: Path) -> pl.LazyFrame:
    try:
        table = pl.scan_parquet(path)
        if "uid" not in table.collect_schema().names():
            raise DataError(f"{path} holds no scores: it has no uid column; take another --out")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path} cannot be read ({str(error).splitlines()[0]}); remove it") from error
    return table
