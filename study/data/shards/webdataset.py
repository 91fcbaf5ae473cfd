"""WebDataset shards, as img2dataset and others write them: tars of images with captions, here or in a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field, model_validator

from study.data.index import Index, Shard, pool_of
from study.data.samples import Samples
from study.data.shards.address import is_remote
from study.data.shards.attempt import UNREADABLE, Recipe
from study.data.shards.beside import Beside, beside_all
from study.data.shards.build import Built, build
from study.data.shards.describe import columns_of, described
from study.data.shards.facts import Indexed, folder_name
from study.data.shards.fields import Fields
from study.data.shards.listing import Located, located
from study.data.shards.options import ShardConfig, listed
from study.data.shards.samples import samples_of
from study.data.source import Source, Stored
from study.errors import AbsentError, DataError
from study.registry import unknown_name

ABSENT = "absent"  # the state of data that is not there


class WebDataset(Source):
    """Pairs from tars; a pair without a ``uid_column`` is known by its image and caption, as in a table.

    So the same pair has the same id wherever its shard lies and however the pool is split into shards.
    """

    places = frozenset({"shards", "scores", "max_unreadable", "max_skipped", "pairs"})
    sides: ClassVar[tuple[str, str] | None] = None  # fields that go before the size in an image's header

    class Config(ShardConfig):
        """Options of WebDataset shards."""

        name: Literal["webdataset"] = "webdataset"
        uid_column: str | None = Field(
            None,
            description="32 hex digits a pair, of a table or of the .json members; none = hash of image and caption",
        )

        @model_validator(mode="after")
        def _says_something(self) -> WebDataset.Config:
            if self.shards is None and self.pairs is None:
                raise ValueError("give shards, or pairs to plan without them")
            return self

    def declared_pairs(self) -> int | None:
        """``pairs`` while there are no shards."""
        if self.config.pairs is None:
            return None
        return None if self._are_there else self.config.pairs

    @property
    def max_skipped(self) -> float:
        """As the option says."""
        return self.config.max_skipped  # type: ignore[no-any-return]

    def state(self) -> str:
        """Changes with the shards, and with the tables beside them."""
        return folder_name([table.all_states for table in self._tables]) if self._are_there else ABSENT

    def stored(self) -> Stored | None:
        """All bytes of the shards."""
        if not self.has_images():
            return None
        return Stored(
            sum(shard.size for shard in self._shards), any(is_remote(shard.address) for shard in self._shards)
        )

    def is_whole(self) -> bool:
        """Whether no shard is unreadable."""
        return UNREADABLE not in self._built.left_out

    def pool(self) -> pl.DataFrame:
        """All pairs, in memory."""
        return pool_of(self.index())

    def index(self) -> Index:
        """A piece a shard."""
        return self._built.index

    def fingerprint(self) -> str:
        """12 hex digits over ids and scores, whatever the order of shards and samples."""
        return self._built.fingerprint

    def left_out(self) -> dict[str, int]:
        """Samples that are no pairs or that the filters leave out, repeats, and unreadable shards."""
        return dict(self._built.left_out)

    def details(self) -> pl.DataFrame:
        """A million pairs or more of shards chosen at random, or all; they have one split and no noise labels."""
        return described(self.index().pieces)

    def size_bytes(self) -> int:
        """Of the shards, or of the metadata alone."""
        return sum(part.shard.size for part in self._recipe().shards)

    def columns(self) -> list[str]:
        """Those of the tables beside the first shard, and of its samples' .json."""
        return columns_of(self._tables[0])

    def samples(self, uids: Sequence[str], cache: Path | None = None) -> Samples:
        """Pairs in the order asked for; images are read by ranges of their shards when they are decoded."""
        return samples_of(uids, self._pieces, self.config.name, cache)

    @property
    def _pieces(self) -> list[Shard]:
        return [piece for piece in self.index().pieces if isinstance(piece, Shard)]

    @cached_property
    def _shards(self) -> list[Located]:
        return located(listed(self.config.shards))

    @cached_property
    def _are_there(self) -> bool:
        try:
            return bool(self._shards)
        except AbsentError:
            return False

    @cached_property
    def _tables(self) -> list[Beside]:
        scores = self.config.scores
        if scores is not None and not is_remote(scores) and not Path(scores).is_dir():
            raise DataError(f"{scores} is no folder; give as scores the folder of tables of scores")
        return beside_all(self._shards, scores)

    @cached_property
    def _built(self) -> Built:
        recipe = replace(self._recipe(), planned=self.planned, again=self.again)
        built = build(recipe, self.say)
        self._check_scores(built, len(recipe.shards))
        return built

    def _check_scores(self, built: Built, parts: int) -> None:
        """Tells of pairs without a score; raises DataError where no shard has the column."""
        column, without = self.config.score_column, built.index.pairs - built.scored
        if column is None or not without:
            return
        known = self.columns() if not built.scored else [column]
        if column not in known:
            raise DataError(
                f"{parts} of {parts} shards lack a column that is asked for: {unknown_name('column', column, known)}; "
                "study data score adds a column of scores"
            )
        self.say(f"{without:,} of {built.index.pairs:,} pairs have no score in column {column!r}: they are taken last")

    def _recipe(self) -> Recipe:
        return self._recipe_with(None)

    def _recipe_with(self, by_uid: Path | None) -> Recipe:
        """How the pool is made, with scores from a file of all ids if there is one."""
        config = self.config
        fields = replace(self._fields(), score=None) if by_uid else self._fields()
        if config.shards is None:
            raise DataError(f"a {config.name} source without shards can be planned, but has no pairs to train on")
        folder = self.results.absolute() / "index" / folder_name(config.shards)
        tables = self._tables
        options = config.model_dump_json(exclude=self.places)
        pool = folder_name((options, [table.all_states for table in tables], by_uid and by_uid.name))
        shards = [Indexed(table, fields, folder) for table in tables]
        return Recipe(shards, config, folder / f"pool-{pool}", config.max_unreadable, by_uid)

    def _fields(self) -> Fields:
        config = self.config
        by_bytes = config.unique == "image" and config.hash_column is None
        return Fields(
            config.uid_column, config.caption_column, config.score_column, config.hash_column, self.sides, by_bytes
        )
