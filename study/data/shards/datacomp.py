"""A DataComp pool: parquet files of metadata, and the shards that its downloader made of them, once they are there."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from study.config.fields import whole
from study.data.shards.attempt import Recipe
from study.data.shards.facts import folder_name
from study.data.shards.fields import Fields
from study.data.shards.listing import Located, located
from study.data.shards.metadata import Metadata
from study.data.shards.options import ShardConfig, listed
from study.data.shards.scores import write_scores
from study.data.shards.webdataset import ABSENT, WebDataset
from study.errors import AbsentError
from study.io import lock


class DataComp(WebDataset):
    """Pairs by the ``uid`` of metadata and shards; without shards it can be planned, and its subsets chosen.

    The format is described in https://github.com/mlfoundations/datacomp (Gadre et al., 2023).
    """

    places = frozenset({"metadata", "shards", "scores", "max_unreadable", "max_skipped", "pairs"})
    sides = ("original_width", "original_height")  # as the metadata has them: shards hold images made smaller

    class Config(ShardConfig):
        """Options of a DataComp pool."""

        name: Literal["datacomp"] = "datacomp"
        metadata: str | tuple[str, ...] = Field(description="folder or glob of parquet files, here or in a store")
        uid_column: str = Field("uid", description="32 hex digits a pair, in metadata and shards")
        text_column: str = Field("text", description="captions of the metadata")
        score_column: str | None = Field(
            "clip_l14_similarity_score", description="quality of a pair, higher is better; none = no scores"
        )
        pairs: Annotated[int | None, BeforeValidator(whole)] = Field(
            None, ge=1, description="size of the pool, to plan while there is no metadata"
        )

    def has_images(self) -> bool:
        """Whether there are shards, and their metadata."""
        return self.declared_pairs() is None and self._are_there

    def declared_pairs(self) -> int | None:
        """``pairs`` while there is no metadata, which says how many there are."""
        return None if self._has_metadata else self.config.pairs

    def state(self) -> str:
        """Changes with the metadata, the shards, and the tables beside these."""
        return folder_name((self._metadata if self._has_metadata else ABSENT, super().state()))

    def columns(self) -> list[str]:
        """Those of the metadata, and of the shards if they are there."""
        fields = self._metadata_fields()
        known = Metadata(self._metadata[0], fields).columns()
        return sorted({*known, *(super().columns() if self.has_images() else ())})

    @cached_property
    def _metadata(self) -> list[Located]:
        return located(listed(self.config.metadata), ".parquet")

    @cached_property
    def _has_metadata(self) -> bool:
        try:
            return bool(self._metadata)
        except AbsentError:
            return False

    def _recipe(self) -> Recipe:
        folder = self.results.absolute() / "index" / folder_name(self.config.metadata)
        options = self.config.model_dump_json(exclude=self.places)
        fields = self._metadata_fields()
        tables = [Metadata(file, fields) for file in self._metadata]
        if self.has_images():
            return self._with_shards(folder, tables)
        if self.config.shards is not None:
            self.say("no shard is there yet: the pool is that of the metadata")
        pool = folder / f"pool-{folder_name((options, self._metadata))}"
        return Recipe(tables, self.config, pool, self.config.max_unreadable)

    def _with_shards(self, folder: Path, tables: list[Metadata]) -> Recipe:
        if self.config.score_column not in tables[0].columns():
            return super()._recipe()  # of a table beside the shards, or none
        path = folder / f"scores-{folder_name((self.config.score_column, self._metadata))}.npy"
        with lock(folder / ".scores.lock", wait=True):
            if not path.exists():
                self.say("scores of the metadata: sorted by id")
                write_scores(path, (table.scores() for table in tables), sum(table.rows() for table in tables))
        return self._recipe_with(path)

    def _metadata_fields(self) -> Fields:
        config = self.config
        return Fields(config.uid_column, config.text_column, config.score_column, config.hash_column, self.sides)
