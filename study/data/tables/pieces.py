"""A table too large for memory: its rows in parts, each indexed by itself, as shards are.

Repeats are looked for among the pairs that pass the filters, where a table in memory filters the first of each: the
pools are the same, and only the reasons under which repeats are counted differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import polars as pl

from study.data.filters import Filters
from study.data.fingerprint import fingerprint_in_order
from study.data.index import Index, Piece, halves
from study.data.samples import rows_of
from study.data.shards.attempt import Recipe
from study.data.shards.build import Built, build
from study.data.shards.describe import described
from study.data.shards.facts import folder_name
from study.data.shards.listing import Located
from study.data.shards.scores import write_scores
from study.data.state import state_there
from study.data.tables.file import TableFile
from study.data.tables.parts import TablePart, TablePiece
from study.data.tables.rows import check_repeats
from study.data.tables.scores import Scores
from study.io import lock, read_json, write_json

PIECE = 1 << 27  # bytes of the file, about, whose rows are in memory at a time
ROWS = 1 << 22  # at a time, of files that are far smaller than what they hold
STEP = 1 << 20  # scores in memory at a time


class Pieced:
    """Indexes the table when its index is first asked for; ``folder`` is where that is kept."""

    def __init__(
        self, table: TableFile, filters: Filters, options: str, root: Path, folder: Path, say: Callable[[str], None]
    ) -> None:
        self.table, self.filters, self.options = table, filters, options
        self.root, self.folder, self.say = root, folder, say

    def index(self) -> Index:
        """A piece a part."""
        return self._built.index

    @property
    def left_out(self) -> dict[str, int]:
        """Reason -> rows."""
        return self._built.left_out

    def fingerprint(self) -> str:
        """That of the same pool in memory, worked out once."""
        made = self._recipe.folder / "fingerprint.json"
        with lock(self._recipe.folder / ".fingerprint.lock", wait=True):
            if not made.exists():
                pieces = (piece.read() for piece in self.index().pieces)
                write_json(made, fingerprint_in_order(pieces, self.index().pairs, self._recipe.folder))
        return str(read_json(made))

    def details(self) -> pl.DataFrame:
        """Of some parts."""
        return described(self.index().pieces).drop("image")

    def rows(self, uids: Sequence[str], within: Piece | None = None) -> pl.DataFrame:
        """``image`` and ``caption`` of these pairs, in this order; raises DataError for one that is not there."""
        ids = pl.Series("uid", list(uids), pl.String).unique()
        asked = halves(ids).with_columns(ids)
        pieces = [piece for piece in ([within] if within else self.index().pieces) if isinstance(piece, TablePiece)]
        found = [piece.of(asked) for piece in pieces]
        return rows_of(uids, pl.concat([rows for rows in found if rows.height] or found[:1]), str(self.table.path))

    @cached_property
    def _built(self) -> Built:
        built = build(self._recipe, self.say)
        check_repeats(built.left_out.get("repeated pair", 0), self.table.path, self.table.names["uid"])
        return built

    @cached_property
    def _recipe(self) -> Recipe:
        scores, names = self._scores(), self.table.names
        table = (self.table.unscored() if scores else self.table).as_parquet(self.folder)
        state, height = state_there(table.path), table.height()
        rows = min(ROWS, max(1, height * PIECE // max(1, table.path.stat().st_size)))
        parts = [
            TablePart(Located(f"{table.path.stem}-{number:05}", str(table.path), state), table, self.root, start, rows)
            for number, start in enumerate(range(0, max(1, height), rows))
        ]
        pool = folder_name((self.options, names, state, str(scores), rows))
        return Recipe(parts, self.filters, self.folder / f"pool-{pool}", None, scores)

    def _scores(self) -> Path | None:
        """All scores of tables beside this one, by id; none where there are none."""
        scores = self.table.scores()
        if scores is None:
            return None
        states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in self.table.score_files()]
        made = self.folder / f"scores-{folder_name((states, self.table.names['score']))}.npy"
        with lock(self.folder / ".scores.lock", wait=True):
            if not made.exists():
                write_scores(made, _scored(scores), scores.height())
        return made


def _scored(scores: Scores) -> Iterator[pl.DataFrame]:
    for start in range(0, scores.height(), STEP):
        part = scores.read(start, STEP)
        yield halves(part["uid"]).with_columns(part["score"])
