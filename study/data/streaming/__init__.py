"""Pairs read from their shards while a run trains, for sets of which no decoded copy is kept."""

from __future__ import annotations

from study.data.index import Index, Shard
from study.data.streaming.share import Share
from study.data.streaming.stream import ShardStream

__all__ = ["ShardStream", "Share", "is_streamed", "shards_of"]

CACHE_BYTES = 32 * 2**30  # of decoded images; not the disk's own, since the order of a run's pairs hangs on it


def is_streamed(index: Index, pairs: int, image_size: int) -> bool:
    """Whether so many pairs are streamed: they lie in shards, and decoded they would be more than ``CACHE_BYTES``."""
    return len(shards_of(index)) == len(index.pieces) and 3 * image_size**2 * pairs > CACHE_BYTES


def shards_of(index: Index) -> list[Shard]:
    """The pieces that are shards."""
    return [piece for piece in index.pieces if isinstance(piece, Shard)]
