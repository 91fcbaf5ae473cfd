"""Which pairs could not be read while streaming, so that none is decoded in vain twice."""

from __future__ import annotations

from collections import Counter

from study.data.skipped import words


class Faults:
    """Of one process: (shard, row) -> why it cannot be read. Threads may share it."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], str] = {}

    def add(self, shard: int, row: int, reason: str) -> None:
        """One pair cannot be read."""
        self._known[shard, row] = reason

    def known(self, shard: int, row: int) -> str | None:
        """Why a pair could not be read earlier, if so."""
        return self._known.get((shard, row))

    def words(self) -> str:
        """Reasons with the numbers of pairs."""
        return words(Counter(self._known.copy().values()))
