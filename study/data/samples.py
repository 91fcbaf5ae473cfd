"""Pairs by their ids: captions, and images that are decoded when they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from study.data.pixels import Pixels, decoded
from study.data.skipped import Unreadable, words
from study.data.watch import SILENT, Watch
from study.errors import DataError


class Samples:
    """Pairs in a fixed order; images are decoded when they are first asked for, once a size.

    ``read`` gives the encoded image of a row, or raises Skip or OSError; or UnansweredError, which says nothing of the
    image, and which whoever asks for images gets. With a ``cache`` folder the decoded images live there as a
    memory-mapped file that processes share, and tokens of captions beside it; without one they live in memory.
    ``content`` is what tells the images apart beyond the ids, if anything does.
    """

    def __init__(
        self,
        uids: Sequence[str],
        captions: Sequence[str],
        read: Callable[[int], bytes],
        cache: Path | None = None,
        content: bytes = b"",
    ) -> None:
        self.uids, self.captions = list(uids), list(captions)
        self.read, self.cache, self.content = read, cache, content
        self._pixels: dict[int, Pixels] = {}

    def __len__(self) -> int:
        return len(self.uids)

    def images(self, size: int, watch: Watch = SILENT) -> np.ndarray:
        """All images, uint8 (n, size, size, 3), row i belonging to caption i; a row that was skipped is black.

        ``watch`` looks on where they are decoded now.
        """
        return self._decoded(size, watch).images

    def usable(self, size: int) -> np.ndarray:
        """Rows whose image could be read, int64, ascending; raises Unreadable when there is none."""
        skipped = self._decoded(size).skipped
        if len(skipped) == len(self):
            message = f"none of the {len(self)} images could be read: {words(self.skipped)}"
            raise Unreadable(message, self.skipped)
        return np.setdiff1d(np.arange(len(self)), np.fromiter(skipped, np.int64, len(skipped)))

    @property
    def skipped(self) -> dict[str, int]:
        """Reason -> number of images left out, of those decoded so far."""
        reasons = {row: reason for pixels in self._pixels.values() for row, reason in pixels.skipped.items()}
        return dict(sorted(Counter(reasons.values()).items()))

    def _decoded(self, size: int, watch: Watch = SILENT) -> Pixels:
        if size not in self._pixels:
            self._pixels[size] = decoded(self.uids, self.read, size, self.cache, self.content, watch)
        return self._pixels[size]


def rows_of(uids: Sequence[str], known: pl.DataFrame, source: str) -> pl.DataFrame:
    """The rows of ``known`` with these uids, in their order; raises DataError for one that is missing."""
    wanted = pl.DataFrame({"uid": list(uids)}, schema={"uid": pl.String})
    missing = wanted.join(known, on="uid", how="anti")
    if missing.height:
        raise DataError(
            f"{source} has no pair {missing['uid'][0]!r} ({missing.height} of {len(uids)} are missing); "
            "the data has changed since the subset was made: plan again"
        )
    return wanted.join(known, on="uid", how="left", maintain_order="left")
