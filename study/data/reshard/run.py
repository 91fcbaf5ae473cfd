"""Write a subset of a source as shards, by several processes; what is written stays when they are stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from pydantic import Field

from study import io
from study.data.fingerprint import fingerprint_of, fingerprint_sum
from study.data.index import Piece, halves
from study.data.parallel import Workers
from study.data.place import open_source
from study.data.reshard.kept import Pieces, rows_kept
from study.data.reshard.order import Order
from study.data.reshard.shard import FAILED, Shard, write
from study.data.source import Source
from study.data.subset import Subset, ensure, subset_size
from study.errors import DataError
from study.records import Frozen, PluginRef

WINDOW = 64  # shards that are read at once
BLOCK = 16  # shards that a process writes before it opens the source anew
Say = Callable[[str], None]


class Reshard(Frozen):
    """A subset, and the shards that it is written to."""

    source: PluginRef
    results: Path
    out: Path
    quality: float = Field(1.0, gt=0, le=1)
    size: float | int | None = None
    per_shard: int = Field(10_000, ge=1)
    seed: int = Field(0, ge=0)
    window: int = Field(WINDOW, ge=1)
    max_unreadable: float = Field(0.1, ge=0, le=1, description="share of a shard's images that may be unreadable")

    @property
    def notes(self) -> Path:
        """What the shards of a folder are, written before the first of them."""
        return self.out / "reshard.json"


class Block(NamedTuple):
    """The shards that one process writes in a go."""

    job: Reshard
    numbers: list[int]


def planned(job: Reshard, source: Source) -> dict[str, Any]:
    """What would be written: pairs, shards, and those that are there."""
    pairs = subset_size(source.index().pairs, job.quality, job.size)
    shards = _shards(job, pairs)
    done = sum(shard.is_done for shard in shards)
    return {"pairs": pairs, "shards": len(shards), "shards_there": done, "out": str(job.out)}


def reshard(job: Reshard, processes: int, say: Say) -> dict[str, Any]:
    """Write what is missing; the pool of the shards, and what became of the pairs.

    Raises DataError for a subset that the pool cannot give, and for a folder that holds another one.
    """
    source = open_source(job.source, job.results)
    source.say = say
    subset = ensure(job.results, source, job.quality, subset_size(source.index().pairs, job.quality, job.size))
    pieces = list(source.index().pieces)
    with io.lock(job.out / ".lock"), Workers(processes) as workers:
        for path in job.out.glob(".*.partial"):  # of a start that was killed: as large as a shard
            path.unlink(missing_ok=True)
        notes = _noted(job, source, subset, pieces, workers, say)
        shards = _shards(job, len(subset))
        left = [number for number, shard in enumerate(shards) if not shard.is_done]
        block = max(1, min(BLOCK, len(left) // (4 * processes)))
        blocks = [Block(job, left[at : at + block]) for at in range(0, len(left), block)]
        workers.each(_write, blocks, f"blocks of {block} shards written", say)
        found = workers.each(_written, [shard.table for shard in shards], "shards summed", say)
    pairs = sum(count for count, _, _ in found)
    told = {"fingerprint": fingerprint_of(pairs, (part for _, part, _ in found)), "pairs": pairs}
    failed = sum(count for _, _, count in found)
    io.write_json(job.notes, {**notes, "written": {**told, "images_that_could_not_be_read": failed}})
    return {**told, "images_that_could_not_be_read": failed, "shards": len(shards), "out": str(job.out)}


def _shards(job: Reshard, pairs: int) -> list[Shard]:
    number = -(-pairs // job.per_shard)
    return [Shard.numbered(job.out, one, number) for one in range(number)]


def _noted(
    job: Reshard, source: Source, subset: Subset, pieces: list[Piece], workers: Workers, say: Say
) -> dict[str, Any]:
    """What the folder is said to hold, with the pairs of each piece; counted once, and never of another subset."""
    identity = {
        "source": job.source.label,
        "pool": source.fingerprint(),
        "subset": {"quality": job.quality, "pairs": len(subset)},
        "per_shard": job.per_shard,
        "seed": job.seed,
        "window": job.window,
    }
    if job.notes.exists():
        notes: dict[str, Any] = io.read_json(job.notes)
        if {name: notes.get(name) for name in identity} != identity:
            raise DataError(f"{job.out} holds shards of another subset, order or size; name another folder: --out DIR")
        return notes
    counts = workers.each(_count, [(piece, subset) for piece in pieces], "pieces counted", say)
    io.write_json(job.notes, {**identity, "counts": counts})
    return {**identity, "counts": counts}


def _count(pair: tuple[Piece, Subset]) -> int:
    return rows_kept(*pair).height


def _write(block: Block) -> None:
    job = block.job
    source = open_source(job.source, job.results)
    pieces = list(source.index().pieces)
    order = Order(io.read_json(job.notes)["counts"], job.seed, job.window)
    subset = ensure(job.results, source, job.quality, order.pairs)
    opened, shards = Pieces(source, pieces, subset, job.window), _shards(job, order.pairs)
    for number in block.numbers:
        first = number * job.per_shard
        places = order.at(first, min(first + job.per_shard, order.pairs))
        write(shards[number], ((opened.kept(piece), place) for piece, place in places), job.max_unreadable)


def _written(table: Path) -> tuple[int, int, int]:
    """Pairs of a shard, their part of the pool's fingerprint, and images that could not be read."""
    rows = io.read_parquet(table)
    there = rows.filter(pl.col("status") != FAILED)
    part = fingerprint_sum(halves(there["uid"]).with_columns(there["score"]))
    return there.height, part, rows.height - there.height
