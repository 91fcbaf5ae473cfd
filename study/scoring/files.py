"""Where scores are written: a parquet a piece of the pool, made of a part a chunk, so that a kill loses a chunk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from study import io
from study.data.index import Piece, Shard, Whole, uids
from study.data.pixels import PASSING
from study.data.shards.address import is_remote
from study.data.shards.beside import SCORES
from study.data.shards.secrets import shown
from study.data.source import Source
from study.errors import BusyError, DataError
from study.scoring.request import Scored
from study.scoring.table import empty, joined, replaced, scored_pairs

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
                raise DataError(f"{shown(piece.address)} is in a store; say where scores are written: --out DIR")
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

    def lock(self, pieces: Sequence[Piece]) -> AbstractContextManager[None]:
        """For one who scores these; raises BusyError while another gives the same column."""
        return _alone(self.path(pieces[0]).with_name(f".{self.scored.column}{LOCK}"), self.scored.column)

    def is_done(self, piece: Piece) -> bool:
        """Whether all of the piece's pairs have these scores; raises DataError when its column holds others."""
        found = scored_pairs(self.path(piece), self.scored)
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
        found = scored_pairs(self.path(piece), self.scored)
        return found is not None and _has_all(found, piece)

    def passed_over(self, piece: Piece) -> list[str]:
        """The piece's pairs that have no score for a fault that may have passed since."""
        found = scored_pairs(self.path(piece), self.scored)
        if found is None:
            return []
        again = {*found.filter(pl.col(self.scored.columns()[1]).is_in(list(PASSING)))["uid"]}
        return [uid for uid in uids(piece.read()) if uid in again] if again else []

    def part(self, piece: Piece, start: int) -> Path:
        """The file of the chunk that starts with this row of the piece."""
        return self._parts(piece) / f"{start:010d}.parquet"

    def _parts(self, piece: Piece) -> Path:
        path = self.path(piece)
        return path.with_name(f".{path.name}.{self.scored.column}-{self.scored.mark}.parts")

    def write_part(self, piece: Piece, start: int, uids: list[str], scores: pl.Series, missing: pl.Series) -> None:
        """Write the scores of a chunk's pairs and why some have none."""
        io.write_parquet(self.part(piece, start), self._rows(uids, scores, missing))

    def amend(self, piece: Piece, uids: list[str], scores: pl.Series, missing: pl.Series) -> None:
        """Give pairs that had no score what they have now."""
        path, rows = self.path(piece), self._rows(uids, scores, missing)
        with io.lock(path.with_name(LOCK), wait=True):
            io.write_parquet(path, replaced(path, rows, self.scored))

    def _rows(self, uids: list[str], scores: pl.Series, missing: pl.Series) -> pl.DataFrame:
        score, why, *_ = self.scored.columns()
        return pl.DataFrame({"uid": uids, score: scores, why: missing})

    def finish(self, piece: Piece, starts: range, uids: list[str]) -> None:
        """Join the parts to the piece's file when all are there, whoever wrote them; what else it has stays.

        Raises DataError when the parts are of other pairs: the data has changed meanwhile.
        """
        folder, path = self._parts(piece), self.path(piece)
        with io.lock(path.with_name(LOCK), wait=True):  # other columns of the file may be written at the same time
            paths = [self.part(piece, start) for start in starts]
            if not all(part.exists() for part in paths):
                if self.is_done(piece):  # by another process, which had all parts of a scoring that was stopped
                    self._remove(piece)
                return
            rows = pl.concat([io.read_parquet(part) for part in paths]) if paths else empty(self.scored)
            if rows["uid"].to_list() != uids:
                shutil.rmtree(folder)
                raise DataError(f"{piece.name} has changed while it was scored; run the same command again")
            io.write_parquet(path, joined(path, rows, self.scored))
            self._remove(piece)  # in here: whoever comes next finds all of the parts or none

    def clear(self, piece: Piece) -> None:
        """Remove the parts of a piece whose file is there; a kill may have left them."""
        if self._parts(piece).exists():
            with io.lock(self.path(piece).with_name(LOCK), wait=True):
                self._remove(piece)

    def _remove(self, piece: Piece) -> None:
        shutil.rmtree(self._parts(piece), ignore_errors=True)


@contextmanager
def _alone(path: Path, column: str) -> Iterator[None]:
    try:
        with io.lock(path):
            yield
    except BusyError as error:
        told = f"{path.parent}: column {column!r} is being scored by another process; wait for it, or stop it"
        raise BusyError(told) from error


def _has_all(found: pl.DataFrame, piece: Piece) -> bool:
    return found.height >= piece.pairs and set(uids(piece.read())) <= set(found["uid"])
