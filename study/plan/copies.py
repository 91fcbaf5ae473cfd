"""What the decoded copies of a plan's subsets take of the disk, which runs make before their first step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage
from typing import NamedTuple

from study.data.streaming import decoded_bytes, is_too_large
from study.io.sizes import size
from study.plan.make import Plan
from study.plan.resolve import Run
from study.records import DataRef

WORTH_A_WORD = 10**9  # bytes


class Copy(NamedTuple):
    """A subset decoded to squares of ``side`` pixels, whichever runs read it."""

    fingerprint: str | None
    quality: float
    pairs: int
    side: int

    @property
    def bytes(self) -> int:
        """Of the images alone."""
        return decoded_bytes(self.pairs, self.side)


def stored_side(run: Run) -> int:
    """Pixels of a side of the images that a run takes: the largest that any of its phases makes views of."""
    strategy = run.training.strategy
    return max(map(strategy.stored_size, strategy.phases(run.spec, run.tower.arch)))


def is_streamed(data: DataRef, side: int, in_shards: bool) -> bool:
    """Whether a run reads its pairs from their shards all along, as ``study.data.streaming`` decides."""
    return in_shards and is_too_large(data.unique_pairs, side)


def copies(plan: Plan) -> list[str]:
    """A line on all copies together, if they take much; a warning where the disk has less room than that."""
    needed = sum(copy.bytes for copy in set(_copies(plan)))
    if needed < WORTH_A_WORD:
        return []
    free = disk_usage(_there(plan.results)).free
    room = f"; only {size(free)} are free there, so make room or plan less" if needed > free else ""
    return [f"disk: decoded copies take {size(needed)} under {plan.results / 'cache/pixels'}, once{room}"]


def _copies(plan: Plan) -> Iterator[Copy]:
    shards = {pool.fingerprint for pool in plan.pools if pool.stored is not None}
    for run, row in zip(plan.runs, plan.rows, strict=True):
        data, side = run.spec.data, stored_side(run)
        if row["left_out"] is None and not is_streamed(data, side, data.fingerprint in shards):
            yield Copy(data.fingerprint, data.quality, data.unique_pairs, side)


def _there(path: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())
