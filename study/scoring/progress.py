"""How far a scoring is: counts that add up over processes, and the line that tells of them."""

from __future__ import annotations

import time
from collections.abc import Callable

from study.records import Frozen


class Done(Frozen):
    """Pairs scored now, those of them without a score, and those that had been scored before."""

    scored: int = 0
    missing: int = 0
    kept: int = 0

    def __add__(self, other: Done) -> Done:
        return Done(
            scored=self.scored + other.scored, missing=self.missing + other.missing, kept=self.kept + other.kept
        )


Tell = Callable[[Done], None]
EVERY = 10.0  # seconds between two lines


class Progress:
    """Adds up what processes tell, and says a line now and then."""

    def __init__(self, pairs: int, say: Callable[[str], None]) -> None:
        self.pairs, self.say, self.done = pairs, say, Done()
        self._first = self._heard = time.monotonic()

    def add(self, done: Done) -> None:
        """Count this; the clock of the speed starts with the first pairs, since models take a while to load."""
        if not self.done.scored:
            self._first = time.monotonic()
        self.done += done
        if time.monotonic() - self._heard > EVERY:
            self._heard = time.monotonic()
            self.say(self.line())

    def line(self) -> str:
        """So many of how many pairs, how fast, and when it will end."""
        seconds, done = time.monotonic() - self._first, self.done
        rate = done.scored / seconds if seconds > 0 else 0.0
        left = self.pairs - done.scored - done.kept
        speed = f", {rate:,.0f} a second" if done.scored else ""
        ends = f", {_duration(left / rate)} left" if rate and left > 0 else ""
        without = f", {done.missing:,} without a score" if done.missing else ""
        return f"{done.scored + done.kept:,} of {self.pairs:,} pairs{speed}{ends}{without}"


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"
