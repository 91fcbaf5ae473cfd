"""How far a scoring is: counts that add up over processes, and the line that tells of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from study.clock import clock_words
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
    """Adds up what processes tell, in any thread, and says a line at the start and every ten seconds."""

    def __init__(self, pairs: int, say: Callable[[str], None]) -> None:
        self.pairs, self.say, self.done = pairs, say, Done()
        self._counting = Lock()
        self._begun: float | None = None
        self._said = time.monotonic()
        say(f"{pairs:,} pairs are to have a score; models are loaded first")

    def add(self, done: Done) -> None:
        """Count this; the clock of the speed starts with what is told first, when a model is loaded."""
        with self._counting:
            self.done += done
            if self._begun is None:
                self._begun = time.monotonic()

    def tell(self) -> None:
        """Say a line when it is time for one."""
        if time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            self.say(self.line())

    def line(self) -> str:
        """So many of how many pairs, how fast in this run, and when it will end."""
        done, rate = self.done, self._rate()
        left = self.pairs - done.scored - done.kept
        speed = f", {rate:,.0f} a second" if rate else ""
        ends = f", {clock_words(left / rate)} left" if rate and left > 0 else ""
        without = f", {done.missing:,} without a score" if done.missing else ""
        return f"{done.scored + done.kept:,} of {self.pairs:,} pairs{speed}{ends}{without}"

    def _rate(self) -> float | None:
        """Pairs scored a second; none before the first."""
        seconds = time.monotonic() - (self._begun or 0.0)
        return self.done.scored / seconds if self.done.scored and seconds > 0 else None
