"""A table of pairs that the user brings: CSV, TSV, JSON lines or parquet of captions and image paths or bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import BeforeValidator, Field, model_validator

from study.config.fields import whole
from study.data.filters import Filters
from study.data.index import Index, Piece, pool_of
from study.data.samples import Samples
from study.data.shards.facts import folder_name
from study.data.skipped import MAX_SKIPPED, SHARE
from study.data.source import Source
from study.data.state import states_of
from study.data.tables.file import TableFile
from study.data.tables.formats import columns_of
from study.data.tables.held import Held
from study.data.tables.pieces import Pieced
from study.data.tables.rows import image_of
from study.errors import DataError

HELD = 1 << 28  # bytes of a file that memory holds


class Table(Source):
    """Pairs from one file; a pair without a ``uid_column`` is known by its image (path or bytes) and caption."""

    places = frozenset({"path", "root", "scores", "max_skipped", "pairs"})

    class Config(Filters):
        """Options of a table."""

        name: Literal["table"] = "table"
        path: Path | None = Field(None, description=".csv, .tsv, .jsonl or .parquet file")
        root: Path | None = Field(None, description="folder that image paths start from; none = the file's own")
        image_column: str = Field("image", description="paths under the root, or encoded images (parquet)")
        caption_column: str = Field("caption", description="captions")
        uid_column: str | None = Field(None, description="32 hex digits a pair; none = hash of image and caption")
        score_column: str | None = Field(
            None, description="quality of a pair, higher is better; of the table or of one of scores"
        )
        scores: Path | None = Field(
            None, description="folder of tables of scores; none = NAME.scores.parquet beside the file, if it is there"
        )
        width_column: str | None = Field(None, description="pixels, for filters; none = as the images say")
        height_column: str | None = Field(None, description="pixels, for filters; none = as the images say")
        max_skipped: float = Field(MAX_SKIPPED, ge=0, le=1, description=SHARE)
        pairs: Annotated[int | None, BeforeValidator(whole)] = Field(
            None, ge=1, description="size of the pool, to plan while the file is absent"
        )

        @model_validator(mode="after")
        def _says_something(self) -> Table.Config:
            if self.path is None and self.pairs is None:
                raise ValueError("give the path of a file, or pairs to plan without one")
            return self

    def declared_pairs(self) -> int | None:
        """``pairs`` while the file is absent."""
        there = self.config.path is not None and self.config.path.exists()
        return None if there else self.config.pairs

    @property
    def max_skipped(self) -> float:
        """As the option says."""
        return self.config.max_skipped  # type: ignore[no-any-return]

    def state(self) -> str:
        """Changes with the file, and with the tables of scores."""
        there = self.declared_pairs() is None
        return states_of((*self.files(), *(self._table().score_files() if there else ())))

    def pool(self) -> pl.DataFrame:
        """All pairs that have an image and a caption, repeats once; in memory."""
        return pool_of(self.index())

    def index(self) -> Index:
        """A piece a part of a large file; else one."""
        return self._pairs.index()

    def left_out(self) -> dict[str, int]:
        """Rows without a caption or an image, and repeats."""
        return dict(self._pairs.left_out)

    def details(self) -> pl.DataFrame:
        """The captions; a table has one split and no noise labels."""
        return self._pairs.details()

    def columns(self) -> list[str]:
        """Those of the file."""
        return columns_of(self.config.path) if self.config.path else []

    def samples(self, uids: Sequence[str], cache: Path | None = None) -> Samples:
        """Pairs in the order asked for; images are read when they are decoded."""
        return self._samples(uids, self._pairs.rows(uids), cache)

    def samples_in(self, piece: Piece, uids: Sequence[str]) -> Samples:
        """Looked up in that part alone."""
        return self._samples(uids, self._pairs.rows(uids, piece), None)

    def _samples(self, uids: Sequence[str], rows: pl.DataFrame, cache: Path | None) -> Samples:
        images, root = rows["image"], self._root
        return Samples(uids, rows["caption"].to_list(), lambda row: image_of(images[row], root), cache)

    @cached_property
    def _fingerprint(self) -> str:
        return self._pairs.fingerprint()

    @cached_property
    def _pairs(self) -> Held | Pieced:
        """The usable pairs, in memory where the file is small."""
        path, table = self.config.path, self._table()
        if not path.is_file() or path.stat().st_size <= HELD:
            return Held(table, self.config, self._root)
        folder = self.results.absolute() / "index" / folder_name(str(path.resolve()))
        options = self.config.model_dump_json(exclude=self.places)
        return Pieced(table, self.config, options, self._root, folder, self.say)

    def _table(self) -> TableFile:
        config = self.config
        if config.path is None:
            raise DataError("a table source without a path can be planned, but has no pairs to train on")
        names = {
            "uid": config.uid_column,
            "image": config.image_column,
            "caption": config.caption_column,
            "score": config.score_column,
            "width": config.width_column,
            "height": config.height_column,
            "image_hash": config.hash_column,
        }
        return TableFile(config.path, names, config.scores)

    @property
    def _root(self) -> Path:
        root: Path = self.config.root or self.config.path.parent
        if self.config.root and not root.is_dir():
            raise DataError(f"{root} is no folder; give as root the folder that paths of images start from")
        return root.resolve()
