"""The time, and what is done every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

TICK_SECONDS = 10.0


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def clock_words(seconds: float) -> str:
    """Hours, minutes and seconds as a clock shows them, such as 1:02:03 or 2:03."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


@contextmanager
def ticking(call: Callable[[], object]) -> Iterator[None]:
    """Call at once, then every ten seconds from a thread, until the block ends; ``call`` must not raise."""
    ended = Event()

    def tick() -> None:
        while not ended.wait(TICK_SECONDS):
            call()

    call()
    thread = Thread(target=tick, daemon=True, name="ticking")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
