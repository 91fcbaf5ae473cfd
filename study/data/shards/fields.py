"""What is looked up of each sample, in the tables beside a shard or in the sample's own .json."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


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
