"""Where scores are written: a parquet a piece of the pool, made of a part a chunk, so that a kill loses a chunk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from study import io
from study.data.index import Piece, Shard, Whole, uids
from study.data.parquet import Parquet
from study.data.shards.address import is_remote
from study.data.shards.beside import SCORES
from study.data.source import Source
from study.data.table_formats import readable
from study.errors import DataError
from study.scoring.request import Scored

LOCK = ".scores.lock"  # of all score files of a folder


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
        """Whether all of the piece's pairs have these scores; raises DataError when its column holds others."""
        found = self._found(piece)
        if found is None:
            return False
        where = f"{self.path(piece)}: column {self.scored.column!r} holds the scores of other"
        way = "take another --column or --out, or remove the file"
        weights, how = (found[name].unique() for name in self.scored.columns()[-2:])
        for other in weights.filter(weights != self.scored.weights).head(1):
            raise DataError(f"{where} weights ({other[:12]}, these are {self.scored.weights[:12]}); {way}")
        for other in how.filter(how != self.scored.how).head(1):
            raise DataError(f"{where} ways ({other}; now it is {self.scored.how}); {way}")
        return _has_all(found, piece)

    def has_column(self, piece: Piece) -> bool:
        """Whether all of the piece's pairs have scores of this name, by whatever weights."""
        found = self._found(piece)
        return found is not None and _has_all(found, piece)

    def _found(self, piece: Piece) -> pl.DataFrame | None:
        """``uid``, weights and way of the pairs that have this column; none without it."""
        path, (weights, how) = self.path(piece), self.scored.columns()[-2:]
        if not path.exists():
            return None
        if not {weights, how} <= {*_columns(path)}:
            return None
        return _read(path, ("uid", weights, how)).filter(pl.col(weights).is_not_null())

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
        """Join the parts to the piece's file when all are there, whoever wrote them; what else it has stays.

        Raises DataError when the parts are of other pairs: the data has changed meanwhile.
        """
        folder, path = self._parts(piece), self.path(piece)
        with io.lock(path.with_name(LOCK), wait=True):  # other columns of the file may be written at the same time
            paths = [self.part(piece, start) for start in starts]
            if not all(part.exists() for part in paths):
                return
            rows = pl.concat([io.read_parquet(part) for part in paths]) if paths else _empty(self.scored)
            if rows["uid"].to_list() != uids:
                shutil.rmtree(folder)
                raise DataError(f"{piece.name} has changed while it was scored; run the same command again")
            io.write_parquet(path, self._joined(path, rows))
        self.clear(piece)

    def clear(self, piece: Piece) -> None:
        """Remove the parts of a piece whose file is there; a kill may have left them."""
        shutil.rmtree(self._parts(piece), ignore_errors=True)

    def _joined(self, path: Path, rows: pl.DataFrame) -> pl.DataFrame:
        given = (self.scored.model, self.scored.pretrained, self.scored.weights, self.scored.how)
        names = self.scored.columns()
        told = [pl.lit(value).alias(name) for value, name in zip(given, names[2:], strict=True)]
        rows = rows.with_columns(told)
        if not path.exists():
            return rows
        old = _read(path, _columns(path))
        known = rows.join(old.drop(*names, strict=False), on="uid", how="left", maintain_order="left")
        others = old.join(rows, on="uid", how="anti", maintain_order="left")  # pairs that filters leave out now
        return pl.concat([known, others], how="diagonal_relaxed") if others.height else known


def _has_all(found: pl.DataFrame, piece: Piece) -> bool:
    return found.height >= piece.pairs and set(uids(piece.read())) <= set(found["uid"])


def _empty(scored: Scored) -> pl.DataFrame:
    score, why, *_ = scored.columns()
    return pl.DataFrame(schema={"uid": pl.String, score: pl.Float32, why: pl.String})


def _columns(path: Path) -> list[str]:
    with readable(path, "scores"):
        known = Parquet((path,)).columns()
    if "uid" not in known:
        raise DataError(f"{path} holds no scores: it has no uid column; take another --out")
    return known


def _read(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    with readable(path, "scores"):
        return Parquet((path,)).read(columns)
