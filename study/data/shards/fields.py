"""What is looked up of each sample, in the tables beside a shard or in the sample's own .json."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from study.data.index import halves


@dataclass(frozen=True)
class Fields:
    """Names of columns or fields, none where not asked for.

    ``sides`` are a width and a height that go before those in an image's header; ``by_bytes`` is whether images are
    told apart by their bytes.
    """

    uid: str | None
    caption: str | None
    score: str | None
    hash: str | None
    sides: tuple[str, str] | None = None
    by_bytes: bool = False

    @property
    def content(self) -> bool:
        """Whether an id, or a comparison, needs the bytes of the images."""
        return self.uid is None or self.by_bytes

    def named(self) -> list[str]:
        """All that are looked up."""
        return list(dict.fromkeys(name for name in (self.uid, self.caption, self.score, self.hash) if name))


# A row a sample, usable or not; ``problem`` is why it is no pair. ``image_hi`` and ``image_lo`` tell images apart.
FACTS = {
    "key": pl.String, "uid_hi": pl.UInt64, "uid_lo": pl.UInt64, "offset": pl.UInt64, "size": pl.UInt64,
    "caption": pl.String, "width": pl.UInt32, "height": pl.UInt32, "score": pl.Float32, "image_hi": pl.UInt64,
    "image_lo": pl.UInt64, "problem": pl.String,
}  # fmt: skip


def image_halves(values: pl.Series) -> pl.DataFrame:
    """``image_hi`` and ``image_lo`` of what a table says tells images apart, null where it does not say."""
    known = (None if value is None else blake2b(str(value).encode(), digest_size=16).hexdigest() for value in values)
    return halves(pl.Series(known, dtype=pl.String)).rename({"uid_hi": "image_hi", "uid_lo": "image_lo"})
