"""A table file whose columns are read a part at a time, and the scores that lie beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import polars as pl

from study.data.parquet import Parquet
from study.data.state import state_there
from study.data.tables.formats import KINDS, Text, column, opened, readable
from study.data.tables.scores import Scores
from study.errors import DataError
from study.io import write_whole
from study.registry import unknown_name

GROUP = 1 << 17  # rows of a converted file that are read together


@dataclass(frozen=True)
class TableFile:
    """A table: ``names`` maps keys of ``KINDS`` to the file's columns, none where it has none.

    ``score_folder`` is where tables of scores lie, if not beside it; ``parquet`` has its rows where a text file has
    been converted.
    """

    path: Path
    names: Mapping[str, str | None]
    score_folder: Path | None = None
    parquet: Path | None = None

    def rows(self, wanted: Sequence[str] = tuple(KINDS), start: int = 0, count: int | None = None) -> pl.DataFrame:
        """Columns under the names that the project uses, all null where the table has none.

        ``count`` rows from ``start`` on, or all. Raises DataError for a file that is missing or damaged, a column that
        it lacks, and values of the wrong kind.
        """
        names = {ours: self.names[ours] for ours in wanted}
        named = [name for name in names.values() if name is not None]
        found = self._opened(named)
        with readable(self.path):
            table = found.read(named, start, count)
        return pl.DataFrame([column(self.path, table, ours, theirs) for ours, theirs in names.items()])

    def unscored(self) -> TableFile:
        """The same without its column of scores."""
        return replace(self, names={**self.names, "score": None})

    def height(self) -> int:
        """Rows, of a table that is parquet; raises DataError when it cannot be read."""
        with readable(self.path):
            return Parquet((self.parquet or self.path,)).height()

    def scores(self) -> Scores | None:
        """The tables of scores that have such a column; none when there are none.

        They are ``NAME.scores.parquet``, or ``NAME-NUMBER.scores.parquet``, beside the table; or in a folder of scores
        ``all.parquet``, ``NAME.parquet`` or ``NAME-NUMBER.parquet``. Raises DataError when the folder has no such file,
        and for a file that cannot be read.
        """
        column, found = self.names["score"], self.score_files()
        if column is None or not found:
            return None
        scores = Scores(tuple(found), column)
        return scores if scores.is_there() else None

    def score_files(self) -> list[Path]:
        """The tables of scores, the first kind of which there is one; raises DataError as ``scores`` does."""
        folder, ending = self.score_folder or self.path.parent, ".parquet" if self.score_folder else ".scores.parquet"
        single = (["all"] if self.score_folder else []) + [self.path.stem]
        alone = [folder / f"{name}{ending}" for name in single if (folder / f"{name}{ending}").exists()]
        found = alone[:1] or sorted(folder.glob(f"{escape(self.path.stem)}-[0-9]*{ending}"))
        if self.score_folder and self.names["score"] is not None and not found:
            raise DataError(f"{folder} cannot be read as scores: it has no {' or '.join(single)}{ending}")
        return found

    def as_parquet(self, folder: Path) -> TableFile:
        """The same where a text file is converted once to a file in ``folder``; raises DataError as ``rows`` does."""
        named = sorted({name for name in self.names.values() if name is not None})
        table = self._opened(named)
        if isinstance(table, Parquet):
            return self
        what = blake2b(f"{named} {state_there(self.path)}".encode(), digest_size=8).hexdigest()
        made = folder / f"rows-{what}.parquet"
        if not made.exists():
            write_whole(made, lambda file: self._convert(table, named, file))
        return replace(self, parquet=made)

    def _convert(self, table: Text, named: list[str], made: BinaryIO) -> None:
        try:
            with readable(self.path):
                table.convert(named, made, GROUP)
        except DataError:
            made.write(bytes(GROUP))  # fails where it is the disk that is at fault: polars tells both in one way
            made.flush()
            raise

    def _opened(self, named: list[str]) -> Text | Parquet:
        """The table, which has all of these columns."""
        table = opened(self.path) if self.parquet is None else Parquet((self.parquet,))
        with readable(self.path):
            known = table.columns()
        for name in named:
            if name not in known:
                raise DataError(f"{self.path}: {_unknown(name, known)}")
        return table


def _unknown(name: str, known: list[str]) -> str:
    """What is wrong where there is no such column."""
    if len(known) == 1 and "\t" in known[0]:
        return "its columns are separated by tabs; name it .tsv"
    return str(unknown_name("column", name, known))
