"""Pairs read from their shards while a run trains, for sets of which no decoded copy is kept."""

from __future__ import annotations

from study.data.index import Index, Shard
from study.data.streaming.share import Share
from study.data.streaming.stream import ShardStream

__all__ = ["ShardStream", "Share", "decoded_bytes", "is_streamed", "is_too_large", "shards_of"]

CACHE_BYTES = 32 * 2**30  # of decoded images; not the disk's own, since the order of a run's pairs hangs on it


def is_streamed(index: Index, pairs: int, image_size: int) -> bool:
    """Whether so many pairs are streamed: they lie in shards, and decoded they would be more than ``CACHE_BYTES``."""
    return len(shards_of(index)) == len(index.pieces) and is_too_large(pairs, image_size)


def is_too_large(pairs: int, image_size: int) -> bool:
    """Whether no decoded copy of so many pairs is kept, wherever they lie in shards."""
    return decoded_bytes(pairs, image_size) > CACHE_BYTES


def decoded_bytes(pairs: int, image_size: int) -> int:
    """Of uint8 (pairs, image_size, image_size, 3)."""
    return 3 * image_size**2 * pairs


def shards_of(index: Index) -> list[Shard]:
    """The pieces that are shards."""
    return [piece for piece in index.pieces if isinstance(piece, Shard)]
