"""What could not be read while streaming: counted by reason, and too much of it ends the run."""

from __future__ import annotations

from threading import Lock

from study.errors import DataError

MAX_SKIPPED = 0.1  # share of the pairs drawn
MIN_DRAWN = 500  # before a share says something


class Faults:
    """Counts of one process; ``reasons`` stays the same dictionary, for who reports it at the end.

    A pair that is drawn again, in a later pass, counts once.
    """

    def __init__(self, pairs: int, max_skipped: float = MAX_SKIPPED) -> None:
        self.reasons: dict[str, int] = {}
        self.drawn, self.skipped = 0, 0
        self.enough, self.max_skipped = min(MIN_DRAWN, pairs), max_skipped
        self._known: dict[int, dict[int, str]] = {}
        self._lock = Lock()

    def add(self, shard: int, row: int, reason: str) -> None:
        """One pair cannot be read."""
        with self._lock:
            known = self._known.setdefault(shard, {})
            if row not in known:
                self.reasons[reason] = self.reasons.get(reason, 0) + 1
            known[row] = reason

    def known(self, shard: int, row: int) -> str | None:
        """Why a pair could not be read earlier, if so."""
        return self._known.get(shard, {}).get(row)

    def draw(self, skipped: bool) -> None:
        """A position is filled, with another pair than its own if ``skipped``; raises DataError when these are many."""
        with self._lock:
            self.drawn += 1
            self.skipped += skipped
            bad, drawn = self.skipped, self.drawn
        if skipped and drawn >= self.enough and bad > self.max_skipped * drawn:
            raise DataError(
                f"{bad} of {drawn} pairs drawn could not be read ({self.words()}), more than the "
                f"{100 * self.max_skipped:g} % that may be left out; mend the shards, or plan with a pool without them"
            )

    def words(self) -> str:
        """Reasons with their counts."""
        return ", ".join(f"{count} {reason}" for reason, count in sorted(dict(self.reasons).items()))
