"""What a run does while its training images are decoded: tell how far that is, and end where it is asked to."""

from __future__ import annotations

import time
from collections.abc import Callable

from study.clock import TICK_SECONDS, clock_words
from study.data.watch import Watch
from study.train.device import Place
from study.train.faults import StoppedWaiting


class Decoding(Watch):
    """Says a line every ten seconds; raises StoppedWaiting once any process of the run is asked to end."""

    def __init__(self, say: Callable[[str], None], asked_to_stop: Callable[[], bool], place: Place) -> None:
        self.say, self.asked_to_stop, self.place = say, asked_to_stop, place
        self._begun = self._said = time.monotonic()

    def waits(self, done: Callable[[], int], of: int) -> None:
        """Also until another process has decoded the same images, of this run or of another."""
        self._heed("another process decodes the same images")
        self._tell(lambda seconds: f"another process decodes the same images, {done():,} of {of:,}; this one waits")

    def decoded(self, done: int, of: int) -> None:
        """With how long it will take at the speed so far."""
        if not done:
            self._begun = self._said = time.monotonic()
        self._heed(f"{done:,} of {of:,} images were decoded, and stay")
        if done:
            self._tell(lambda seconds: _line(done, of, done / seconds))

    def _heed(self, state: str) -> None:
        if self.asked_to_stop():
            self.place.ask_to_stop()
        elif not self.place.stop_asked():
            return
        raise StoppedWaiting(state)

    def _tell(self, line: Callable[[float], str]) -> None:
        now = time.monotonic()
        if now >= self._said + TICK_SECONDS:
            self._said = now
            self.say(line(now - self._begun))


def _line(done: int, of: int, rate: float) -> str:
    return f"decoded {done:,} of {of:,} images, {rate:,.0f} a second, {clock_words((of - done) / rate)} left"
