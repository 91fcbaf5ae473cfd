"""Whether a subset is cheaper to read out of all its shards, pass by pass, or written once as shards of its own.

Bytes that a store has to move are compared, not hours: how fast it moves them, and what its disks cost, is the user's
to know. Nothing here loads torch.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST_READ = 128 * 1024  # bytes that a local read moves at least: Linux reads so much ahead (read_ahead_kb)
CLEAR = 2.0  # times fewer bytes, before it is worth a word


@dataclass(frozen=True)
class Reading:
    """How a subset is read: ``epochs`` passes over ``pairs`` of a pool's, all runs together.

    Of a store, whose shards are copied whole where more than ``whole_share`` of their pairs is wanted, each read moves
    what it asks for; of local disks at least ``LEAST_READ``.
    """

    pool_bytes: int
    pool_pairs: int
    pairs: int
    epochs: float
    remote: bool
    whole_share: float

    @property
    def subset_bytes(self) -> float:
        """Of the subset's pairs alone: what new shards would take of a disk."""
        return self.pool_bytes * self.pairs / self.pool_pairs

    @property
    def pass_bytes(self) -> float:
        """Moved by one pass over the subset where it lies; never more than all of the pool."""
        if self.remote:
            return self.pool_bytes if self.pairs >= self.whole_share * self.pool_pairs else self.subset_bytes
        pair = max(self.pool_bytes / self.pool_pairs, LEAST_READ)
        return min(float(self.pool_bytes), pair * self.pairs)

    @property
    def streamed_bytes(self) -> float:
        """Moved by all passes without resharding."""
        return self.epochs * self.pass_bytes

    @property
    def resharded_bytes(self) -> float:
        """Moved by reading the subset once, writing it, and reading what was written in all passes."""
        return self.pass_bytes + self.subset_bytes + self.epochs * self.subset_bytes

    @property
    def is_worth_it(self) -> bool:
        """Whether resharding moves fewer bytes by a clear factor."""
        return self.streamed_bytes > CLEAR * self.resharded_bytes
