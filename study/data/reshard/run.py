"""Write a subset of a source as shards, by several processes; what is written stays when they are stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from pydantic import Field

from study import io
from study.data.fingerprint import fingerprint_of, fingerprint_sum
from study.data.imageless import with_images
from study.data.index import Piece, halves
from study.data.parallel import Workers
from study.data.place import open_source
from study.data.reshard.folder import NOTES, check_apart, check_own, noted, noted_pool
from study.data.reshard.kept import Pieces, rows_kept
from study.data.reshard.order import Order
from study.data.reshard.shard import FAILED, Shard, write
from study.data.reshard.whole import is_whole
from study.data.source import Source
from study.data.subset import Subset, ensure, subset_size
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


class Block(NamedTuple):
    """The shards that one process writes in a go."""

    job: Reshard
    numbers: list[int]


def planned(job: Reshard, say: Say) -> dict[str, Any]:
    """What would be written: pairs, shards, and those that are there; raises what ``reshard`` does before it writes."""
    source, pairs = _checked(job, say)
    shards = _shards(job, pairs)
    there = noted(job.out, _identity(job, source, pairs), {shard.tar for shard in shards}) is not None
    done = sum(shard.is_there for shard in shards) if there else 0
    return {"pairs": pairs, "shards": len(shards), "shards_there": done, "out": str(job.out)}


def reshard(job: Reshard, processes: int, say: Say) -> dict[str, Any]:
    """Write what is missing; the pool of the shards, and what became of the pairs.

    Raises DataError for a subset that the pool cannot give, for a folder that holds anything else, or that the source
    reads, before anything is written there; UnansweredError when a store fails, after which the same call goes on.
    """
    source, pairs = _checked(job, say)
    shards, identity = _shards(job, pairs), _identity(job, source, pairs)
    noted(job.out, identity, {shard.tar for shard in shards})
    subset = ensure(job.results, source, job.quality, pairs)
    with io.lock(job.out / ".lock"), Workers(processes) as workers:
        for path in job.out.glob(".*.partial"):  # of a start that was killed: as large as a shard
            path.unlink(missing_ok=True)
        notes = noted(job.out, identity, {shard.tar for shard in shards})  # by now another start may have written them
        if notes is None:
            work = [(piece, subset) for piece in source.index().pieces]
            notes = {**identity, "counts": workers.each(_count, work, "pieces counted", say)}
            io.write_json(job.out / NOTES, notes)
        block = max(1, min(BLOCK, len(shards) // (4 * processes)))
        blocks = [Block(job, list(range(len(shards))[at : at + block])) for at in range(0, len(shards), block)]
        other = sum(workers.each(_write, blocks, f"blocks of {block} shards that are written", say))
        if other:
            say(f"{other} shards in {job.out} were not those of this subset, or lacked images that are there now")
        found = workers.each(_written, [shard.table for shard in shards], "shards summed", say)
    pairs = sum(count for count, _, _ in found)
    told = {"fingerprint": fingerprint_of(pairs, (part for _, part, _ in found)), "pairs": pairs}
    failed = sum(count for _, _, count in found)
    io.write_json(job.out / NOTES, {**notes, "written": {**told, "images_that_could_not_be_read": failed}})
    return {**told, "images_that_could_not_be_read": failed, "shards": len(shards), "out": str(job.out)}


def _checked(job: Reshard, say: Say) -> tuple[Source, int]:
    """The source and the size of the subset, where the folder is fit to take it."""
    check_own(job.out)
    source = with_images(open_source(job.source, job.results, say))
    source.planned, source.again = noted_pool(job.out), True
    pairs = subset_size(source.index().pairs, job.quality, job.size)
    check_apart(job.out, source)
    return source, pairs


def _shards(job: Reshard, pairs: int) -> list[Shard]:
    number = -(-pairs // job.per_shard)
    return [Shard.numbered(job.out, one, number) for one in range(number)]


def _identity(job: Reshard, source: Source, pairs: int) -> dict[str, Any]:
    """What makes the shards of a folder what they are."""
    return {
        "source": job.source.label,
        "pool": source.fingerprint(),
        "subset": {"quality": job.quality, "pairs": pairs},
        "per_shard": job.per_shard,
        "seed": job.seed,
        "window": job.window,
    }


def _count(pair: tuple[Piece, Subset]) -> int:
    return rows_kept(*pair).height


def _write(block: Block) -> int:
    """Write the shards of a block that are not whole; how many of them were there, though."""
    job = block.job
    source = open_source(job.source, job.results)
    source.planned = noted_pool(job.out)
    order = Order(io.read_json(job.out / NOTES)["counts"], job.seed, job.window)
    subset = ensure(job.results, source, job.quality, order.pairs)
    opened, shards = Pieces(source, source.index().pieces, subset, job.window), _shards(job, order.pairs)
    other = 0
    for number in block.numbers:
        first, shard = number * job.per_shard, shards[number]
        places = list(order.at(first, min(first + job.per_shard, order.pairs)))
        if not is_whole(shard, opened, places):
            other += shard.is_there
            write(shard, ((opened.kept(piece), place) for piece, place in places), job.max_unreadable)
    return other


def _written(table: Path) -> tuple[int, int, int]:
    """Pairs of a shard, their part of the pool's fingerprint, and images that could not be read."""
    rows = io.read_parquet(table)
    there = rows.filter(pl.col("status") != FAILED)
    part = fingerprint_sum(halves(there["uid"]).with_columns(there["score"]))
    return there.height, part, rows.height - there.height
