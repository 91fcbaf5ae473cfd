"""Options that all sources of shards have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from study.config.fields import whole
from study.data.filters import Filters
from study.data.skipped import MAX_SKIPPED, SHARE


def listed(given: str | Sequence[str] | None) -> Sequence[str]:
    """One place or several as several."""
    return (given,) if isinstance(given, str) else given or ()


class ShardConfig(Filters):
    """Options of all sources of shards."""

    shards: str | tuple[str, ...] | None = Field(
        None, description="folder, file, glob, range as {00000..00099}.tar, or such in a store as s3://; or a list"
    )
    caption_column: str | None = Field(
        None, description="of img2dataset's table or of the .json members; none = the .txt members"
    )
    score_column: str | None = Field(
        None, description="quality of a pair, higher is better: of a table beside the shards or of the .json members"
    )
    scores: str | None = Field(None, description="folder of tables of scores, NAME.parquet for a shard NAME.tar")
    max_unreadable: float = Field(
        0.1, ge=0, le=1, description="share of the shards that may be unreadable; they are counted and left out"
    )
    max_skipped: float = Field(MAX_SKIPPED, ge=0, le=1, description=SHARE)
    pairs: Annotated[int | None, BeforeValidator(whole)] = Field(
        None, ge=1, description="size of the pool, to plan while the shards are not there"
    )
